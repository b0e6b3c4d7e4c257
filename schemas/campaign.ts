import {
  color,
  eventId,
  hostName,
  httpUrl,
  id,
  instant,
  label,
  localeId,
  localisedText,
  richText,
  type Stored,
  text,
  timeZone,
  version,
  type Wire,
} from './common.ts';

export const campaignStatuses = ['DRAFT', 'PREVIEW', 'OPEN', 'CLOSED', 'INACTIVE'] as const;
export type CampaignStatus = (typeof campaignStatuses)[number];

export const campaignTypes = ['registration', 'fanlist'] as const;

const status = { type: 'string', enum: campaignStatuses, description: 'Where the campaign is in its life.' } as const;

const faq = {
  type: 'object',
  additionalProperties: false,
  required: ['question', 'answer'],
  description: 'A question and its answer.',
  properties: { question: label(500, 'The question.'), answer: richText('The answer.') },
} as const;

/** The frequently asked questions of one locale, by their ids. */
export const localeFaqs = {
  type: 'object',
  propertyNames: {
    type: 'string',
    pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
    description: 'A UUID in lower case.',
  },
  maxProperties: 200,
  additionalProperties: faq,
  description: 'The frequently asked questions of the locale, by UUID.',
} as const;

const localeContent = {
  type: 'object',
  additionalProperties: false,
  description: 'What the campaign says in one locale.',
  properties: {
    landing: {
      type: 'object',
      additionalProperties: false,
      description: 'The page where fans register.',
      properties: {
        title: text(300, 'The headline.'),
        subtitle: text(500, 'The line below the headline.'),
        body: richText('The copy.'),
        buttonLabel: text(100, 'The label of the button.'),
        closedTitle: text(300, 'The headline once registration has closed.'),
        closedBody: richText('The copy once registration has closed.'),
      },
    },
    confirmation: {
      type: 'object',
      additionalProperties: false,
      description: 'The page after registering.',
      properties: {
        title: text(300, 'The headline.'),
        body: richText('The copy.'),
        shareText: text(500, 'The text to share.'),
      },
    },
    email: {
      type: 'object',
      additionalProperties: false,
      description: 'The confirmation e-mail.',
      properties: {
        subject: text(300, 'The subject.'),
        preheader: text(300, 'The line that mail programs preview.'),
        body: richText('The copy.'),
      },
    },
    faqs: localeFaqs,
    terms: richText('The terms and conditions.'),
  },
} as const;

const faqOrder = {
  type: 'array',
  maxItems: 200,
  uniqueItems: true,
  items: { type: 'string', maxLength: 36, description: 'The UUID of a question.' },
  description: 'Which questions are shown, in order.',
} as const;

const preference = {
  type: 'object',
  additionalProperties: false,
  required: ['id', 'type'],
  description: 'Something that fans are asked when they register.',
  properties: {
    id: label(64, 'The id of the preference, unique within the campaign.'),
    type: { type: 'string', enum: ['text', 'choice', 'multipleChoice', 'boolean'], description: 'How it is answered.' },
    required: { type: 'boolean', description: 'Whether an answer is needed.' },
    labels: localisedText(300, 'The question, by locale.'),
    choices: {
      type: 'array',
      maxItems: 100,
      description: 'What can be chosen.',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['id'],
        description: 'One choice.',
        properties: { id: label(64, 'The id of the choice.'), labels: localisedText(300, 'The choice, by locale.') },
      },
    },
  },
} as const;

/** Every property that a client may write, shared by the schemas of all kinds of campaigns. */
export const campaignWritable = {
  type: { type: 'string', enum: campaignTypes, description: 'A registration for a presale, or a standing fan list.' },
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['version'],
    description: 'Which schema the campaign follows.',
    properties: { version: { type: 'integer', enum: [1, 2], description: 'The version of the schema.' } },
  },
  name: label(200, 'The name, unique among campaigns that are not INACTIVE.'),
  identifier: {
    type: 'string',
    pattern: '^[a-z0-9]+(?:-[a-z0-9]+)*$',
    maxLength: 120,
    description: 'A slug, unique; made from the name when not given.',
  },
  artist: {
    type: 'object',
    additionalProperties: false,
    required: ['id', 'name'],
    description: 'The artist.',
    properties: {
      id: label(64, "The artist's id."),
      name: label(300, "The artist's name."),
      discoveryId: label(64, "The artist's id in the Discovery API."),
      imageUrl: httpUrl,
    },
  },
  tour: {
    type: 'object',
    additionalProperties: false,
    description: 'The tour.',
    properties: { name: text(300, 'The name of the tour.') },
  },
  domain: {
    type: 'object',
    additionalProperties: false,
    description: 'The public host names.',
    properties: {
      site: {
        ...hostName,
        description: 'The public host name, exclusive while the campaign is not INACTIVE; stored in lower case.',
      },
      preview: { ...hostName, description: 'The host name of the preview; dropped when the campaign opens.' },
    },
  },
  referenceTimezone: timeZone,
  locales: {
    type: 'array',
    maxItems: 50,
    description: 'The locales of the campaign; exactly one is the default.',
    items: {
      type: 'object',
      additionalProperties: false,
      required: ['id', 'isDefault'],
      description: 'A locale.',
      properties: { id: localeId, isDefault: { type: 'boolean', description: 'Whether others fall back to it.' } },
    },
  },
  content: {
    type: 'object',
    propertyNames: localeId,
    additionalProperties: localeContent,
    description: 'The content, by locale.',
  },
  faqs: {
    type: 'object',
    additionalProperties: false,
    description: 'Which frequently asked questions are shown where.',
    properties: {
      landing: {
        type: 'object',
        additionalProperties: false,
        description: 'On the landing page.',
        properties: { open: faqOrder, closed: faqOrder },
      },
      confirmation: {
        type: 'object',
        additionalProperties: false,
        description: 'On the confirmation page.',
        properties: { open: faqOrder, closed: faqOrder, activePresale: faqOrder },
      },
    },
  },
  style: {
    type: 'object',
    additionalProperties: false,
    description: 'The look of the pages.',
    properties: {
      primaryColor: color,
      secondaryColor: color,
      backgroundColor: color,
      textColor: color,
      fontFamily: text(200, 'The font family.'),
    },
  },
  image: {
    type: 'object',
    additionalProperties: false,
    description: 'The images of the pages.',
    properties: { hero: httpUrl, mobileHero: httpUrl, logo: httpUrl, background: httpUrl },
  },
  share: {
    type: 'object',
    additionalProperties: false,
    description: 'What is shown where the page is shared.',
    properties: {
      title: text(300, 'The title.'),
      text: text(1000, 'The text.'),
      imageUrl: httpUrl,
      networks: {
        type: 'array',
        uniqueItems: true,
        maxItems: 20,
        items: label(50, 'A network.'),
        description: 'The networks that are offered.',
      },
    },
  },
  preferences: { type: 'array', maxItems: 50, items: preference, description: 'What fans are asked.' },
  options: {
    type: 'object',
    additionalProperties: false,
    description: 'Switches.',
    properties: {
      useGenericBranding: { type: 'boolean', description: 'Whether the pages wear the generic brand.' },
      showAccessCode: { type: 'boolean', description: 'Whether the access code is shown.' },
      automatedReminders: { type: 'boolean', description: 'Whether fans are reminded of the presale.' },
      attendance: { type: 'boolean', description: 'Whether changes go to the attendance pipeline too.' },
    },
  },
  eventIds: {
    type: 'array',
    maxItems: 500,
    uniqueItems: true,
    items: eventId,
    description: 'The ticketed shows of the campaign itself; markets have their own.',
  },
  categoryId: label(64, 'The category of ticketing; needs a presale window.'),
  contacts: { type: 'array', maxItems: 50, uniqueItems: true, items: id, description: 'The ids of the contacts.' },
  linkedCampaignIds: {
    type: 'array',
    maxItems: 50,
    uniqueItems: true,
    items: id,
    description: 'The campaigns that share the schedule.',
  },
} as const;

/** The dates that a client sets. */
export const campaignWritableDates = {
  open: { ...instant, description: 'When registration is to open.' },
  close: { ...instant, description: 'When registration is to close.' },
  presaleWindowStart: { ...instant, description: 'When the first presale begins.' },
  presaleWindowEnd: { ...instant, description: 'When the last presale ends.' },
  start: { ...instant, description: 'When the tour begins.' },
  end: { ...instant, description: 'When the tour ends.' },
} as const;

const campaignServerDates = {
  created: { ...instant, description: 'When the campaign was made.' },
  updated: { ...instant, description: 'When it last changed.' },
  opened: { ...instant, description: 'When it opened.' },
  closed: { ...instant, description: 'When it closed.' },
  inactivated: { ...instant, description: 'When it became inactive.' },
} as const;

/** A campaign as the API shows it to those who may read it. */
export const campaign = {
  $id: 'campaign',
  type: 'object',
  additionalProperties: false,
  description: 'A presale registration campaign of an artist or tour.',
  required: ['_id', 'type', 'schema', 'status', 'statusHistory', 'name', 'identifier', 'date', 'version', 'audit'],
  properties: {
    _id: id,
    ...campaignWritable,
    status,
    statusHistory: {
      type: 'array',
      description: 'Every status the campaign has had, oldest first.',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['status', 'date', 'by'],
        description: 'One status.',
        properties: {
          status,
          date: instant,
          by: text(128, 'Who brought it about, by an opaque reference; `system` for the refresh.'),
        },
      },
    },
    date: {
      type: 'object',
      additionalProperties: false,
      required: ['created', 'updated'],
      description: 'The dates of the campaign.',
      properties: { ...campaignServerDates, ...campaignWritableDates },
    },
    version,
    audit: {
      type: 'object',
      additionalProperties: false,
      required: ['createdBy', 'updatedBy'],
      description: 'Who made and who last changed the campaign, by opaque references.',
      properties: { createdBy: text(128, 'Who made it.'), updatedBy: text(128, 'Who last changed it.') },
    },
    isPasswordProtected: { type: 'boolean', description: 'Whether a password is needed to see the campaign.' },
  },
} as const;

/** A campaign as it travels. */
export type Campaign = Wire<typeof campaign>;

/** A campaign's content as it is stored: instants are dates, `password` is a salted hash. */
export type CampaignContent = Omit<Stored<typeof campaign>, 'isPasswordProtected'> & { password?: string };
