import { httpUrl, instant, text, version } from './common.ts';

/** What of a campaign lies in the GitLab repository. */
export const publication = {
  $id: 'publication',
  type: 'object',
  additionalProperties: false,
  description: 'What of a campaign was published to GitLab.',
  required: ['path', 'branch', 'version', 'currentVersion', 'isCurrent', 'commit', 'pipeline'],
  properties: {
    path: text(1000, 'The file.'),
    branch: text(255, 'The branch.'),
    version: {
      type: ['integer', 'null'],
      description: 'The version of the campaign that was published last; null when none was.',
    },
    currentVersion: { ...version, description: 'The version that the campaign has now.' },
    isCurrent: { type: 'boolean', description: 'Whether the two are the same.' },
    commit: {
      type: ['object', 'null'],
      additionalProperties: false,
      description: 'The last commit of the file; null when there is none.',
      required: ['id', 'title', 'createdAt', 'url'],
      properties: {
        id: text(100, 'Its id.'),
        title: text(1000, 'Its first line.'),
        createdAt: { ...instant, description: 'When it was made.' },
        url: { ...httpUrl, description: 'Its page.' },
      },
    },
    pipeline: {
      type: ['object', 'null'],
      additionalProperties: false,
      description: 'The pipeline that was triggered last, since that commit; null when there is none.',
      required: ['id', 'status', 'url'],
      properties: {
        id: { type: 'integer', description: 'Its id.' },
        status: text(50, 'How it stands, as GitLab says.'),
        url: { ...httpUrl, description: 'Its page.' },
      },
    },
  },
} as const;
