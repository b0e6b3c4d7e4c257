import { describe, expect, it } from '@jest/globals';
import { ValidationError } from '../../../lib/errors.ts';
import { InvalidCampaignError } from '../../errors.ts';
import {
  type MarketCampaign,
  selectDateFaults,
  throwIfInactive,
  throwIfInvalidPoint,
  throwIfOutsideCampaign,
} from './rules.ts';

const day = (at: number): Date => new Date(Date.UTC(2026, 3, at));

const campaign: MarketCampaign = {
  status: 'OPEN',
  date: {
    created: day(1),
    updated: day(1),
    open: day(5),
    presaleWindowStart: day(10),
    presaleWindowEnd: day(20),
    start: day(15),
    end: day(25),
  },
};

const pathsOf = (event: { date?: Date; presaleDateTime?: Date }, of = campaign): (string | undefined)[] =>
  selectDateFaults({ event }, of).map(({ path }) => path);

describe('the rules of markets', () => {
  it('let a presale lie within the window of the campaign, its ends included', () => {
    for (const at of [10, 15, 20]) expect(pathsOf({ presaleDateTime: day(at) })).toEqual([]);
    for (const at of [9, 21]) expect(pathsOf({ presaleDateTime: day(at) })).toEqual(['/event/presaleDateTime']);
  });

  it('let no presale begin before the campaign opens', () => {
    const { created, updated, open } = campaign.date;
    const windowless: MarketCampaign = { status: 'OPEN', date: { created, updated, ...(open && { open }) } };
    expect(pathsOf({ presaleDateTime: day(4) }, windowless)).toEqual(['/event/presaleDateTime']);
    expect(pathsOf({ presaleDateTime: day(5) }, windowless)).toEqual([]);
  });

  it('let a show lie between the start and the end of the campaign', () => {
    for (const at of [15, 25]) expect(pathsOf({ date: day(at) })).toEqual([]);
    for (const at of [14, 26]) expect(pathsOf({ date: day(at) })).toEqual(['/event/date']);
  });

  it('ask nothing of dates that the campaign or the market does not have', () => {
    expect(pathsOf({}, campaign)).toEqual([]);
    const bare: MarketCampaign = { status: 'DRAFT', date: { created: day(1), updated: day(1) } };
    expect(pathsOf({ date: day(1), presaleDateTime: day(1) }, bare)).toEqual([]);
  });

  it('name every date that is outside', () => {
    const check = (): void => throwIfOutsideCampaign({ event: { date: day(26), presaleDateTime: day(30) } }, campaign);
    expect(check).toThrow(InvalidCampaignError);
    expect(pathsOf({ date: day(26), presaleDateTime: day(30) })).toEqual(['/event/presaleDateTime', '/event/date']);
  });

  it('let a point be anywhere on the globe and nowhere else', () => {
    const check =
      (...coordinates: number[]) =>
      (): void =>
        throwIfInvalidPoint({ point: { type: 'Point', coordinates } });
    expect(check(-180, 90)).not.toThrow();
    expect(check(180.1, 0)).toThrow(ValidationError);
    expect(check(0, -90.1)).toThrow(ValidationError);
    expect(() => throwIfInvalidPoint({})).not.toThrow();
  });

  it('close an INACTIVE campaign to markets that come and go', () => {
    expect(() => throwIfInactive({ status: 'INACTIVE' })).toThrow(InvalidCampaignError);
    expect(() => throwIfInactive({ status: 'CLOSED' })).not.toThrow();
  });
});
