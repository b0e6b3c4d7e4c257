import { createHash } from 'node:crypto';
import { type HttpStub, startHttpStub, type StubAnswer, type StubRequest } from './http-stub.ts';

interface CommitBody {
  readonly branch: string;
  readonly commit_message: string;
  readonly actions: readonly {
    readonly action: string;
    readonly file_path: string;
    readonly content: string;
    readonly last_commit_id?: string;
  }[];
}

interface PipelineBody {
  readonly ref: string;
  readonly variables: readonly { readonly key: string; readonly value: string }[];
}

export interface GitlabStub extends HttpStub {
  /** The files of the branch, by path: what they say, and the commit that changed them last. */
  readonly files: ReadonlyMap<string, { readonly content: string; readonly commitId: string }>;
  readonly commits: readonly { readonly id: string; readonly message: string; readonly path: string }[];
  readonly pipelines: readonly { readonly id: number; status: string; readonly variables: PipelineBody['variables'] }[];
  /** Has somebody else commit a file. */
  commitBySomeoneElse(path: string, content: string): void;
}

const TOKEN = 'glpat-test-token';
const PROJECT = 'group/campaign-config';

/** What the service must be told to use the stub. */
export const gitlabVariables = (url: string) => ({ GITLAB_URL: url, GITLAB_TOKEN: TOKEN, GITLAB_PROJECT: PROJECT });

const refuse = (status: number, message: string): StubAnswer => ({ status, body: { message } });

/** Starts a GitLab with one project and one branch, `main`, which holds to the documented shapes and refuses what breaks them. */
export async function startGitlabStub(): Promise<GitlabStub> {
  const files = new Map<string, { content: string; commitId: string }>();
  const commits: { id: string; message: string; path: string; at: string }[] = [];
  const pipelines: { id: number; status: string; variables: PipelineBody['variables']; at: string }[] = [];

  const commitFile = (path: string, content: string, message: string): (typeof commits)[number] => {
    const id = createHash('sha1').update(`${commits.length} ${path}`).digest('hex');
    const commit = { id, message, path, at: new Date().toISOString() };
    commits.push(commit);
    files.set(path, { content, commitId: id });
    return commit;
  };
  const showCommit = ({ id, message, at }: (typeof commits)[number]) => ({
    id,
    short_id: id.slice(0, 8),
    title: message.split('\n')[0],
    message,
    author_name: 'campaign-service',
    created_at: at,
    web_url: `https://gitlab.example.com/${PROJECT}/-/commit/${id}`,
  });
  const showPipeline = ({ id, status, at }: (typeof pipelines)[number]) => ({
    id,
    iid: id,
    project_id: 1,
    sha: commits.at(-1)?.id ?? '',
    ref: 'main',
    status,
    source: 'api',
    created_at: at,
    updated_at: at,
    web_url: `https://gitlab.example.com/${PROJECT}/-/pipelines/${id}`,
  });

  const createCommit = ({ branch, commit_message: message, actions }: CommitBody): StubAnswer => {
    const [action] = actions;
    if (branch !== 'main' || actions.length !== 1 || action === undefined) return refuse(400, 'branch is invalid');
    const known = files.get(action.file_path);
    if (action.action === 'create' && known) return refuse(400, 'A file with this name already exists');
    if (action.action === 'update' && !known) return refuse(400, "A file with this name doesn't exist");
    if (action.last_commit_id !== undefined && action.last_commit_id !== known?.commitId) {
      return refuse(400, 'You are attempting to update a file that has changed since you started editing it.');
    }
    return { status: 201, body: showCommit(commitFile(action.file_path, action.content, message)) };
  };

  const answer = ({ method, path, query, headers, body }: StubRequest): StubAnswer => {
    if (headers['private-token'] !== TOKEN) return refuse(401, '401 Unauthorized');
    const base = `/api/v4/projects/${encodeURIComponent(PROJECT)}`;
    if (!path.startsWith(`${base}/`)) return refuse(404, '404 Project Not Found');
    const [, folder = '', name = ''] =
      /^\/(repository\/files|repository\/commits|pipelines?)(?:\/(.*))?$/.exec(path.slice(base.length)) ?? [];
    if (method === 'GET' && folder === 'repository/files') {
      const file = files.get(decodeURIComponent(name));
      if (query.get('ref') !== 'main' || file === undefined) return refuse(404, '404 File Not Found');
      const content = Buffer.from(file.content).toString('base64');
      return {
        body: {
          file_path: decodeURIComponent(name),
          encoding: 'base64',
          content,
          ref: 'main',
          last_commit_id: file.commitId,
        },
      };
    }
    if (method === 'GET' && folder === 'repository/commits') {
      const found = commits.filter(commit => commit.path === query.get('path')).reverse();
      return { body: found.slice(0, Number(query.get('per_page') ?? 20)).map(showCommit) };
    }
    if (method === 'POST' && folder === 'repository/commits') return createCommit(body as CommitBody);
    if (method === 'GET' && folder === 'pipelines') return { body: [...pipelines].reverse().map(showPipeline) };
    if (method === 'POST' && folder === 'pipeline') {
      const { ref, variables } = body as PipelineBody;
      if (ref !== 'main') return refuse(400, 'Reference not found');
      pipelines.push({ id: pipelines.length + 1, status: 'created', variables, at: new Date().toISOString() });
      return { status: 201, body: showPipeline(pipelines.at(-1) as (typeof pipelines)[number]) };
    }
    return refuse(404, '404 Not Found');
  };

  const stub = await startHttpStub(answer);
  return {
    ...stub,
    files,
    commits,
    pipelines,
    commitBySomeoneElse: (path, content) => void commitFile(path, content, 'By hand'),
  };
}
