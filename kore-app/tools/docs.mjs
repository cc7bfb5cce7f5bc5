// SPDX-License-Identifier: Apache-2.0
// Makes what the API serves about itself from openapi.yaml: openapi.json, the
// pages docs.html and problems.html, and their style sheet. The pages hold no
// script and need nothing from another host.
//
//   node tools/docs.mjs build/docs
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const here = dirname(fileURLToPath(import.meta.url));
const target = process.argv[2];
if (target === undefined) throw new Error('usage: node tools/docs.mjs TARGET');

const api = parse(readFileSync(join(here, '../openapi.yaml'), 'utf8'), { merge: true });
const methods = ['get', 'put', 'post', 'delete', 'patch'];

const escape = (text) =>
  String(text).replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);

/** Follows a reference; the name is that of the component, if it is one. */
function resolve(node) {
  let name;
  let at = node;
  while (at?.$ref !== undefined) {
    name = at.$ref.split('/').at(-1);
    at = at.$ref
      .slice(2)
      .split('/')
      .reduce((level, part) => level[part.replaceAll('~1', '/').replaceAll('~0', '~')], api);
  }
  return { name, value: at };
}

/** `code`, **bold** and [links](to) of one line. */
function inline(text) {
  return escape(text)
    .replace(/`([^`]+)`/g, '<code>$1</code>')
    .replace(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>')
    .replace(/\[([^\]]+)\]\(([^)\s]+)\)/g, '<a href="$2">$1</a>');
}

/** Paragraphs and numbered lists: the little Markdown that the document uses. */
function prose(text) {
  if (text === undefined) return '';
  return text
    .trim()
    .split(/\n\s*\n/)
    .map((block) => {
      if (!/^1\. /.test(block)) return `<p>${inline(block.replaceAll('\n', ' '))}</p>`;
      const items = block.split(/\n(?=\d+\. )/).map((item) => item.replace(/^\d+\. /, '').replace(/\n\s*/g, ' '));
      return `<ol>${items.map((item) => `<li>${inline(item)}</li>`).join('')}</ol>`;
    })
    .join('\n');
}

const link = (name) => `<a href="#schema-${name}">${name}</a>`;

/** The type of a schema in a few words. */
function typeOf(schema) {
  const { name, value } = resolve(schema);
  if (name !== undefined) return link(name);
  const choices = value.oneOf ?? value.anyOf;
  if (choices !== undefined) return choices.map(typeOf).join(' or ');
  if (value.const !== undefined) return `<code>${escape(JSON.stringify(value.const))}</code>`;
  if (value.enum !== undefined) return value.enum.map((item) => `<code>${escape(item)}</code>`).join(', ');
  const types = [value.type ?? 'any'].flat().filter((type) => type !== 'null');
  const base =
    types[0] === 'array' ? `list of ${typeOf(value.items)}` : types.join(' or ') + (value.format ? ` (${value.format})` : '');
  return base + ([value.type].flat().includes('null') ? ' or null' : '');
}

/** What a value must keep to, beside its type. */
function bounds(schema) {
  const { value } = resolve(schema);
  const words = {
    minimum: 'at least',
    maximum: 'at most',
    minLength: 'characters at least',
    maxLength: 'characters at most',
    maxItems: 'items at most',
    pattern: 'matches',
    default: 'default',
  };
  return Object.entries(words)
    .filter(([key]) => value[key] !== undefined && value[key] !== '')
    .map(([key, word]) => `${word} <code>${escape(value[key])}</code>`)
    .join(', ');
}

function table(head, rows) {
  if (rows.length === 0) return '';
  const cells = (row, tag) => `<tr>${row.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`;
  return `<div class="table"><table><thead>${cells(head, 'th')}</thead><tbody>${rows.map((row) => cells(row, 'td')).join('')}</tbody></table></div>`;
}

/** The members of an object, those of objects inside it by their path. */
function members(schema, prefix = '') {
  const { value } = resolve(schema);
  return Object.entries(value.properties ?? {}).flatMap(([name, member]) => {
    const path = prefix + name;
    const inner = resolve(member);
    const isOpen = inner.name === undefined && inner.value.properties !== undefined;
    const required = (value.required ?? []).includes(name);
    const row = [
      `<code>${escape(path)}</code>${required ? '' : ' <small>optional</small>'}`,
      isOpen ? 'object' : typeOf(member),
      [inline(inner.name === undefined ? (inner.value.description ?? '') : ''), inner.name === undefined ? bounds(member) : '']
        .filter((part) => part !== '')
        .join(' '),
    ];
    return isOpen ? [row, ...members(member, `${path}.`)] : [row];
  });
}

const examples = (content) =>
  Object.values(content?.examples ?? {})
    .map((example) => resolve(example).value)
    .map((example) => `${example.summary ? `<p>${escape(example.summary)}:</p>` : ''}<pre>${escape(JSON.stringify(example.value, null, 2))}</pre>`)
    .join('\n');

function contents(content) {
  return Object.entries(content ?? {})
    .map(([type, media]) => `<p><code>${type}</code>: ${typeOf(media.schema)}</p>${examples(media)}`)
    .join('\n');
}

function parameters(operation) {
  const rows = (operation.parameters ?? []).map((parameter) => {
    const { value } = resolve(parameter);
    return [
      `<code>${escape(value.name)}</code>${value.required ? '' : ' <small>optional</small>'}`,
      value.in,
      `${inline(value.description ?? '')} ${typeOf(value.schema)}${bounds(value.schema) ? `, ${bounds(value.schema)}` : ''}`,
    ];
  });
  for (const requirement of operation.security ?? []) {
    for (const name of Object.keys(requirement)) {
      const scheme = api.components.securitySchemes[name];
      rows.push([`<code>${scheme.name ?? 'Authorization'}</code>`, scheme.in ?? 'header', inline(scheme.description)]);
    }
  }
  return table(['Parameter', 'In', 'Meaning'], rows);
}

function responses(operation) {
  return Object.entries(operation.responses)
    .map(([status, response]) => {
      const { value } = resolve(response);
      const headers = Object.keys(value.headers ?? {})
        .map((name) => `<code>${name}</code>`)
        .join(', ');
      const isProblem = value.content?.['application/problem+json'] !== undefined;
      return `<details${status.startsWith('2') ? ' open' : ''}><summary><strong>${status}</strong> ${inline((value.description ?? '').split('\n')[0])}</summary>
${headers ? `<p>Headers: ${headers}</p>` : ''}${isProblem ? `<p>${link('Problem')}</p>${examples(value.content['application/problem+json'])}` : contents(value.content)}</details>`;
    })
    .join('\n');
}

/** Whom an operation is for. */
function who(operation) {
  const people = (operation.security ?? [{}]).map((requirement) => {
    const [[name, roles] = []] = Object.entries(requirement);
    return name === undefined ? 'everybody' : api.components.securitySchemes[name]['x-who'][roles[0] ?? ''];
  });
  return people.includes('everybody') ? 'everybody' : people.join('; ');
}

function operation(method, path, value) {
  return `<section class="operation" id="${value.operationId}">
<h3><span class="method ${method}">${method.toUpperCase()}</span> <code>${escape(path)}</code></h3>
<p class="summary">${escape(value.summary)}</p>
<p>For ${inline(who(value))}.</p>
${prose(value.description)}
${parameters(value)}
${value.requestBody ? `<h4>Request body</h4>${contents(value.requestBody.content)}` : ''}
<h4>Answers</h4>
${responses(value)}
</section>`;
}

const operations = (paths) =>
  Object.entries(paths).flatMap(([path, item]) =>
    methods.filter((method) => item[method]).map((method) => ({ method, path, value: item[method] })),
  );

function schemas() {
  return Object.entries(api.components.schemas)
    .map(([name, schema]) => {
      const rows = members(schema);
      return `<section id="schema-${name}"><h3>${name}</h3>${prose(schema.description)}${
        rows.length > 0 ? table(['Member', 'Type', 'Meaning'], rows) : `<p>${typeOf(schema)}${bounds(schema) ? `, ${bounds(schema)}` : ''}</p>`
      }</section>`;
    })
    .join('\n');
}

const page = (title, nav, body) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<link rel="stylesheet" href="/docs/docs.css">
</head>
<body>
<nav aria-label="Contents">${nav}</nav>
<main>
${body}
</main>
</body>
</html>
`;

function docsPage() {
  const all = operations(api.paths);
  const groups = api.tags.map((tag) => ({ ...tag, all: all.filter((one) => one.value.tags.includes(tag.name)) }));
  const nav = groups
    .map(
      (group) =>
        `<h2>${group.name}</h2><ul>${group.all.map((one) => `<li><a href="#${one.value.operationId}">${escape(one.value.summary)}</a></li>`).join('')}</ul>`,
    )
    .join('');
  const body = `<h1>${escape(api.info.title)} <small>${escape(api.info.version)}</small></h1>
${prose(api.info.description)}
<p>The same as <a href="/openapi.json">OpenAPI ${api.openapi}</a>; all <a href="/docs/problems">problem types</a>.</p>
${groups
  .map(
    (group) =>
      `<h2>${group.name}</h2>${prose(group.description)}${group.all.map((one) => operation(one.method, one.path, one.value)).join('\n')}`,
  )
  .join('\n')}
<h2 id="webhooks">Webhooks</h2>
${operations(api.webhooks)
  .map((one) => operation(one.method, one.path, one.value))
  .join('\n')}
<h2 id="schemas">Schemas</h2>
${schemas()}`;
  return page(
    api.info.title,
    `${nav}<ul><li><a href="#webhooks">Webhooks</a></li><li><a href="#schemas">Schemas</a></li><li><a href="/docs/problems">Problem types</a></li></ul>`,
    body,
  );
}

function problemsPage() {
  const all = Object.entries(api['x-problem-types']);
  const nav = `<h2>Problem types</h2><ul>${all.map(([code]) => `<li><a href="#${code}">${code}</a></li>`).join('')}</ul><p><a href="/docs">API</a></p>`;
  const body = `<h1>Problem types</h1>
<p>Every refusal of the API is a problem document (<a href="https://www.rfc-editor.org/rfc/rfc9457">RFC 9457</a>). Its <code>type</code> leads here, its <code>code</code> is the name below.</p>
${all
  .map(
    ([code, problem]) => `<section id="${code}"><h2><code>${code}</code> <small>${problem.status}</small></h2>
<p class="summary">${escape(problem.title)}</p>
<p>${inline(problem.meaning)}</p>
<p><strong>What to do:</strong> ${inline(problem.remedy)}</p></section>`,
  )
  .join('\n')}`;
  return page('Problem types', nav, body);
}

mkdirSync(target, { recursive: true });
writeFileSync(join(target, 'openapi.json'), `${JSON.stringify(api, null, 1)}\n`);
writeFileSync(join(target, 'docs.html'), docsPage());
writeFileSync(join(target, 'problems.html'), problemsPage());
writeFileSync(join(target, 'docs.css'), readFileSync(join(here, 'docs.css')));
