import { describe, expect, it } from '@jest/globals';
import {
  BSON,
  MongoInvalidArgumentError,
  MongoNetworkError,
  MongoNetworkTimeoutError,
  MongoServerError,
  MongoTopologyClosedError,
  MongoWriteConcernError,
} from 'mongodb';
import { ServiceUnavailableError } from '../../../../lib/errors.ts';
import { type CollectionSpec, InvalidOperationError } from '../collection.ts';
import { storeErrorOf } from './mongodb-errors.ts';

const SPEC: CollectionSpec = {
  name: 'markets',
  ids: [],
  indexes: [
    { name: 'campaign_name', key: { campaignId: 1, nameKey: 1 }, unique: true },
    { name: 'domain.site_1', key: { 'domain.site': 1 }, unique: true },
  ],
};

const duplicate = (message: string, rest: object = {}): unknown =>
  storeErrorOf(new MongoServerError({ message, code: 11000, ...rest }), SPEC);

describe('a duplicate key', () => {
  it.each([
    [
      'E11000 duplicate key error collection: db.markets index: campaign_name dup key: { campaignId: "1" }',
      'campaign_name',
    ],
    [
      'E11000 duplicate key error collection: db.markets index: domain.site_1 dup key: { domain.site: "x" }',
      'domain.site_1',
    ],
    [
      'Index build failed: 7f6b: Collection db.markets ( 9c1d ) :: caused by :: E11000 duplicate key error collection: db.markets index: campaign_name dup key: { campaignId: "1" }',
      'campaign_name',
    ],
    [
      'E11000 duplicate key error collection: db.markets index: domain.site_1 collation: { locale: "en" } dup key: { : "x" }',
      'domain.site_1',
    ],
    ['E11000 duplicate key error index: db.markets.$campaign_name dup key: { : "x" }', 'campaign_name'],
    ['E11000 duplicate key error collection: db.markets index: _id_ dup key: { _id: "x" }', '_id'],
    ['E11000 duplicate key error collection: db.markets index: by_hand dup key: { x: 1 }', 'by_hand'],
  ])('names its index: %s', (message, index) => {
    expect(duplicate(message)).toMatchObject({ name: 'DuplicateKeyError', collection: 'markets', index });
  });

  it('is not misled by a value that looks like the name of an index', () => {
    const message =
      'E11000 duplicate key error collection: db.markets index: campaign_name dup key: { nameKey: "index: domain.site_1" }';
    expect(duplicate(message)).toMatchObject({ index: 'campaign_name' });
  });

  it('is recognised by its fields when the message does not name the index', () => {
    expect(duplicate('duplicate', { keyPattern: { 'domain.site': 1 } })).toMatchObject({ index: 'domain.site_1' });
    expect(duplicate('duplicate', { keyPattern: { _id: 1 } })).toMatchObject({ index: '_id' });
  });
});

/** As the driver hands on what a socket throws. */
const socketError = (code: string): Error => Object.assign(new Error(`write ${code}`), { code, syscall: 'write' });

describe('an error of the driver', () => {
  it.each([
    ['a lost connection', new MongoNetworkError('connection 1 to 127.0.0.1:1 closed')],
    ['a silent server', new MongoNetworkTimeoutError('connection timed out')],
    ['a closed topology', new MongoTopologyClosedError()],
    [
      'a write that the majority has not confirmed',
      new MongoWriteConcernError({ writeConcernError: { code: 64, errmsg: 'waiting' }, ok: 1 }),
    ],
    ['a primary that stepped down', new MongoServerError({ code: 189, message: 'stepped down' })],
    ['a server that stops', new MongoServerError({ code: 11600, message: 'shutting down' })],
    ['a passed time limit', new MongoServerError({ code: 50, message: 'operation exceeded time limit' })],
    ['a connection that broke while a command was written', socketError('EPIPE')],
    ['one that the server reset', socketError('ECONNRESET')],
    [
      'a write that may be repeated',
      new MongoServerError({ code: 9999, message: 'x', errorLabels: ['RetryableWriteError'] }),
    ],
  ])('means that MongoDB is away, with its cause kept: %s', (_title, error) => {
    const mapped = storeErrorOf(error, SPEC);
    expect(mapped).toBeInstanceOf(ServiceUnavailableError);
    expect(mapped).toMatchObject({ dependency: 'mongodb', cause: error });
  });

  it.each([
    ['a wrong type', new MongoServerError({ code: 14, message: 'Cannot apply $inc to a value of non-numeric type' })],
    ['a bad value', new MongoServerError({ code: 2, message: 'must be an array' })],
    ['a change of _id', new MongoServerError({ code: 66, message: 'immutable field' })],
    ['a command that the server lacks', new MongoServerError({ code: 59, message: 'no such command' })],
    ['what the driver refuses', new MongoInvalidArgumentError('Update document requires atomic operators')],
    ['what cannot be encoded', new BSON.BSONError('Cannot convert circular structure to BSON')],
  ])('means a wrong operation, with its cause kept: %s', (_title, error) => {
    const mapped = storeErrorOf(error, SPEC);
    expect(mapped).toBeInstanceOf(InvalidOperationError);
    expect(mapped).toMatchObject({ cause: error });
  });

  it('is all that is turned: other errors stay what they are', () => {
    for (const error of [new TypeError('ours'), socketError('ENOENT'), undefined]) {
      expect(storeErrorOf(error, SPEC)).toBe(error);
    }
  });
});
