// A session of the MCP SDK for TypeScript, which `tests.conformance.clients` runs:
// node client_session.mjs COMMAND|URL
import assert from 'node:assert/strict';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

const target = process.argv[2];
const own = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => name.startsWith('PLANET_MCP_')));
const transport = target.startsWith('http')
  ? new StreamableHTTPClientTransport(new URL(target))
  : new StdioClientTransport({ command: target, args: [], env: own, stderr: 'inherit' });
const client = new Client({ name: 'check', version: '1' });
await client.connect(transport);

const { tools } = await client.listTools();
assert.equal(tools.length, 9);
const call = (name, args) => client.callTool({ name, arguments: args });
const textOf = (result) => result.content.map((block) => block.text).join('\n');

const found = await call('search_entries', { query: 'TaskGroup' });
const [hit] = found.structuredContent.hits;
assert.equal(hit.title, 'What a TaskGroup does');
const latest = await call('latest_entries', { since: '7d', detail: 'titles' });
assert.match(textOf(latest), /Packaging news/);
const article = await call('fetch_article', { article: hit.entry_id });
assert.match(textOf(article), /A TaskGroup waits for all of its tasks\./);
const refused = await call('search_entries', { query: 'x', limit: 99 });
assert.equal(refused.isError, true);
assert.match(textOf(refused), /should be less than or equal to 50 \(got 99\)/);
console.log(`${tools.length} tools, 3 answers, 1 error in words`);
await client.close();
