import { HttpCallError, type HttpClient, type HttpResponse } from '../../lib/http-client.ts';
import { createValidator, type Validator } from '../../lib/schema/validator.ts';
import { toUnavailable } from './unavailable.ts';

/** A file to be published, for a version of what it shows. */
export interface Publication {
  /** Names the file. */
  readonly id: string;
  readonly version: number;
  /** What the file says of it; it is written as JSON. */
  readonly content: unknown;
  /** The first line of the commit. */
  readonly message: string;
}

export interface Commit {
  readonly id: string;
  readonly title: string;
  readonly createdAt: string;
  readonly url: string;
}

export interface Pipeline {
  readonly id: number;
  /** As GitLab says it: created, pending, running, success, failed, canceled and others. */
  readonly status: string;
  readonly url: string;
}

/** What lies in the repository. */
export interface Published {
  readonly path: string;
  readonly branch: string;
  /** Of what was published last; null when nothing was. */
  readonly version: number | null;
  /** The last commit that changed the file. */
  readonly commit: Commit | null;
  /** The latest pipeline that was triggered since that commit. */
  readonly pipeline: Pipeline | null;
}

/** The repository that campaigns are published to. Throws `ServiceUnavailableError`. */
export interface Gitlab {
  /** Says what lies in the repository. */
  find(id: string, signal?: AbortSignal): Promise<Published>;
  /**
   * Commits a file, unless it has this version or a newer one, and triggers the pipeline, unless it was triggered since
   * that commit. So a repeat does no harm, and completes what was broken off.
   */
  publish(publication: Publication, signal?: AbortSignal): Promise<Published>;
}

/** How often a commit is tried that others came before. */
const ATTEMPTS = 4;
const PIPELINES_PER_PAGE = 20;

interface StoredFile {
  readonly content: string;
  readonly encoding: string;
  readonly last_commit_id: string;
}

interface GitlabCommit {
  readonly id: string;
  readonly title: string;
  readonly created_at: string;
  readonly web_url: string;
}

interface GitlabPipeline extends Pick<GitlabCommit, 'created_at' | 'web_url'> {
  readonly id: number;
  readonly status: string;
}

const text = { type: 'string' } as const;

const createShape = <T>(properties: Readonly<Record<string, object>>): Validator<T> =>
  createValidator({ type: 'object', required: Object.keys(properties), properties });

const fileShape = createShape<StoredFile>({ content: text, encoding: text, last_commit_id: text });
const commitShape = createShape<GitlabCommit>({ id: text, title: text, created_at: text, web_url: text });
const pipelineShape = createShape<GitlabPipeline>({
  id: { type: 'integer' },
  status: text,
  created_at: text,
  web_url: text,
});

export interface GitlabOptions {
  /** Of the server's API, `https://gitlab.example.com/api/v4`, with the token. */
  readonly http: HttpClient;
  /** The id of the project, or its path with namespace. */
  readonly project: string;
  readonly branch: string;
  /** The folder of the files. */
  readonly directory: string;
}

/** Makes the client of a GitLab project. */
export function createGitlab({ http, project, branch, directory }: GitlabOptions): Gitlab {
  const base = `/projects/${encodeURIComponent(project)}`;
  const selectPath = (id: string): string => `${directory}/${id}.json`;
  const withSignal = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal });

  const findFile = async (path: string, signal?: AbortSignal): Promise<StoredFile | null> => {
    const request = { path: `${base}/repository/files/${encodeURIComponent(path)}`, query: { ref: branch } };
    const answer = await http.request({ ...request, ...withSignal(signal) }).catch(nullIfMissing);
    return answer && read(fileShape, answer.body);
  };

  const findCommit = async (path: string, signal?: AbortSignal): Promise<GitlabCommit | null> => {
    const { body } = await http.request({
      path: `${base}/repository/commits`,
      query: { ref_name: branch, path, per_page: 1 },
      ...withSignal(signal),
    });
    return readList(commitShape, body)[0] ?? null;
  };

  /** Gives the latest pipeline that was triggered over the interface since a commit: what it ran on has the file. */
  const findPipeline = async (commit: GitlabCommit, signal?: AbortSignal): Promise<GitlabPipeline | null> => {
    const { body } = await http.request({
      path: `${base}/pipelines`,
      query: { ref: branch, source: 'api', order_by: 'id', sort: 'desc', per_page: PIPELINES_PER_PAGE },
      ...withSignal(signal),
    });
    const since = Date.parse(commit.created_at);
    return readList(pipelineShape, body).find(({ created_at }) => Date.parse(created_at) >= since) ?? null;
  };

  const find = async (id: string, signal?: AbortSignal): Promise<Published> => {
    const path = selectPath(id);
    const file = await findFile(path, signal);
    const commit = file && (await findCommit(path, signal));
    const pipeline = commit && (await findPipeline(commit, signal));
    return {
      path,
      branch,
      version: selectVersion(file),
      commit: formatCommit(commit),
      pipeline: formatPipeline(pipeline),
    };
  };

  /** Commits the file, unless what lies there is of this version or a newer one. Says whether it did. */
  const commit = async ({ id, version, content, message }: Publication, signal?: AbortSignal): Promise<boolean> => {
    const path = selectPath(id);
    for (let attempt = 1; ; attempt += 1) {
      const file = await findFile(path, signal);
      if (file !== null && (selectVersion(file) ?? 0) >= version) return false;
      const action = {
        action: file === null ? 'create' : 'update',
        file_path: path,
        content: `${JSON.stringify({ version, content }, null, 2)}\n`,
        // Refused when the file was changed since it was read.
        ...(file !== null && { last_commit_id: file.last_commit_id }),
      };
      try {
        await http.request({
          method: 'POST',
          path: `${base}/repository/commits`,
          // The pipeline is triggered by itself, once and with variables, and not by the push.
          body: { branch, commit_message: `${message}\n\n[skip ci]`, actions: [action] },
          ...withSignal(signal),
        });
        return true;
      } catch (error) {
        // Another was first (400), or whether it was done is not known: what lies there now says so.
        const mayBeDone = error instanceof HttpCallError && (error.status === 400 || error.isTransient);
        if (!mayBeDone || attempt === ATTEMPTS) throw error;
      }
    }
  };

  const trigger = async ({ id, version }: Publication, signal?: AbortSignal): Promise<GitlabPipeline> => {
    const variables = [
      { key: 'CAMPAIGN_ID', value: id },
      { key: 'CAMPAIGN_VERSION', value: String(version) },
    ];
    const { body } = await http.request({
      method: 'POST',
      path: `${base}/pipeline`,
      body: { ref: branch, variables },
      ...withSignal(signal),
    });
    return read(pipelineShape, body);
  };

  return {
    find: (id, signal) => find(id, signal).catch(rethrow),
    async publish(publication, signal) {
      try {
        const isNew = await commit(publication, signal);
        const published = await find(publication.id, signal);
        if (!isNew && published.pipeline !== null) return published;
        return { ...published, pipeline: formatPipeline(await trigger(publication, signal)) };
      } catch (error) {
        return rethrow(error);
      }
    },
  };
}

function nullIfMissing(error: unknown): HttpResponse | null {
  if (error instanceof HttpCallError && error.status === 404) return null;
  throw error;
}

function read<T>(shape: Validator<T>, body: unknown): T {
  if (shape.selectFaults(body).length > 0) throw createBodyError();
  return body as T;
}

function readList<T>(shape: Validator<T>, body: unknown): readonly T[] {
  if (!Array.isArray(body)) throw createBodyError();
  return body.map(one => read(shape, one));
}

/** The version that a file says; null for a file that says none, which somebody else must have made. */
function selectVersion(file: StoredFile | null): number | null {
  if (file === null) return null;
  try {
    const decoded = file.encoding === 'base64' ? Buffer.from(file.content, 'base64').toString('utf8') : file.content;
    const { version } = JSON.parse(decoded) as { readonly version?: unknown };
    return Number.isInteger(version) ? (version as number) : null;
  } catch {
    return null;
  }
}

function formatCommit(commit: GitlabCommit | null): Commit | null {
  if (commit === null) return null;
  const { id, title, created_at, web_url } = commit;
  return { id, title, createdAt: new Date(created_at).toISOString(), url: web_url };
}

function formatPipeline(pipeline: GitlabPipeline | null): Pipeline | null {
  return pipeline && { id: pipeline.id, status: pipeline.status, url: pipeline.web_url };
}

function createBodyError(): HttpCallError {
  return new HttpCallError({
    target: 'gitlab',
    reason: 'body',
    message: 'its answer is not of the form that it documents',
  });
}

function rethrow(error: unknown): never {
  throw toUnavailable(error);
}
