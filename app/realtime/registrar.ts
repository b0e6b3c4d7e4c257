import { UnauthorizedError } from '../../lib/errors.ts';
import { createValidator, type Validator } from '../../lib/schema/validator.ts';
import { type Action, isAllowed } from '../policy.ts';
import { type ActionOptions, type ActionRequest, type Bus } from './bus.ts';
import { type CampaignIds } from './campaign-ids.ts';
import { type EventPayload } from './envelope.ts';
import { type RequestDeclaration } from './request-declaration.ts';
import { type StreamWriter } from './stream.ts';

/** Carries out a request whose payload was checked. `campaignId` is empty where the request is about no campaign. */
export type PayloadHandler<P> = (payload: P, request: ActionRequest, campaignId: string) => Promise<EventPayload>;

/** Has a stream filled. Throws what the caller is told. */
export type StreamFiller = (campaignId: string, request: ActionRequest, stream: StreamWriter) => Promise<void>;

/** Registers requests as they are declared. */
export interface Registrar {
  /** `explain` gives what a failure tells besides the error. */
  request<P>(declaration: RequestDeclaration, handler: PayloadHandler<P>, explain?: ActionOptions['explain']): void;
  stream(declaration: RequestDeclaration, fill: StreamFiller): void;
}

const VERSION = 1;

/** Makes the registrar of a bus: what it registers is checked against its schema first, then admitted. */
export function createRegistrar(bus: Bus, campaignIds: CampaignIds): Registrar {
  const createAdmission = ({ payload, admits }: RequestDeclaration): NonNullable<ActionOptions['admit']> => {
    const validator: Validator<EventPayload> = createValidator(payload);
    return async ({ envelope, caller }) => {
      validator.throwIfInvalid(envelope.payload);
      if (admits === undefined) return '';
      const campaignId = await campaignIds.resolve(envelope.payload['campaignId'], caller.actor);
      const isAdmitted = admits.some((action: Action) => isAllowed(caller.actor, action, campaignId));
      if (!isAdmitted) throw new UnauthorizedError();
      return campaignId;
    };
  };

  return {
    request<P>(declaration: RequestDeclaration, handler: PayloadHandler<P>, explain?: ActionOptions['explain']): void {
      const [service, action] = selectName(declaration);
      bus.registerAction(
        service,
        action,
        VERSION,
        (request, campaignId) => handler(request.envelope.payload as P, request, campaignId),
        {
          admit: createAdmission(declaration),
          isPrivate: declaration.isPublished !== true,
          ...(explain && { explain }),
        },
      );
    },
    stream(declaration, fill) {
      const [service, action] = selectName(declaration);
      bus.registerStream(service, action, VERSION, (request, campaignId, stream) => fill(campaignId, request, stream), {
        admit: createAdmission(declaration),
      });
    },
  };
}

/** Gives the service and the action of a declared request. */
export function selectName({ name }: Pick<RequestDeclaration, 'name'>): [service: string, action: string] {
  const [service = '', action = ''] = name.split(':');
  return [service, action];
}
