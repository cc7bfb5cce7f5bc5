// SPDX-License-Identifier: Apache-2.0
// One function for every operation of the API, typed by its description: what a path
// takes and what it answers with comes from schema.d.ts.
import { ApiError, send, type Answer } from './http'
import type { paths } from './schema'
import { accessToken, renewToken } from './session'

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'
type PathsWith<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, object> ? P : never
}[keyof paths]
type OperationOf<P extends keyof paths, M extends Method> = paths[P] extends Record<M, infer Operation> ? Operation : never

type ParameterOf<Operation, Kind extends string> = Operation extends { parameters: infer All }
  ? Kind extends keyof All
    ? NonNullable<All[Kind]>
    : never
  : never
type BodyOf<Operation> = Operation extends { requestBody?: { content: infer Content } } ? Content[keyof Content] : never
type JsonOf<Answer> = Answer extends { content: { 'application/json': infer Json } } ? Json : undefined
type DataOf<Operation> = Operation extends { responses: infer All }
  ? { [Status in keyof All & (200 | 201 | 202 | 204)]: JsonOf<All[Status]> }[keyof All & (200 | 201 | 202 | 204)]
  : never

type PathPart<Operation> = [ParameterOf<Operation, 'path'>] extends [never]
  ? { path?: never }
  : { path: ParameterOf<Operation, 'path'> }
type BodyPart<Operation> = [BodyOf<Operation>] extends [never] ? { body?: never } : { body: BodyOf<Operation> }
type Options<Operation> = PathPart<Operation> &
  BodyPart<Operation> & {
    query?: [ParameterOf<Operation, 'query'>] extends [never] ? never : ParameterOf<Operation, 'query'>
    headers?: Record<string, string>
    signal?: AbortSignal
  }
type Rest<Operation> = Partial<Options<Operation>> extends Options<Operation> ? [options?: Options<Operation>] : [options: Options<Operation>]

/** Calls the API as the account that is logged in, if one is; an access token that has run out is renewed once. */
export async function call<M extends Method, P extends PathsWith<M>>(
  method: M,
  path: P,
  ...[options]: Rest<OperationOf<P, M>>
): Promise<Answer<DataOf<OperationOf<P, M>>>> {
  const { path: values, query, body, headers = {}, signal } = (options ?? {}) as {
    path?: Record<string, string>
    query?: Record<string, unknown>
    body?: unknown
    headers?: Record<string, string>
    signal?: AbortSignal
  }
  const init: RequestInit = { method: method.toUpperCase(), headers, ...(signal ? { signal } : {}) }
  if (body !== undefined) {
    init.body = JSON.stringify(body)
    init.headers = { 'Content-Type': method === 'patch' ? 'application/merge-patch+json' : 'application/json', ...headers }
  }
  return sendAuthorized(addressOf(path, values ?? {}, query ?? {}), init)
}

/** As `call`, for requests that are not JSON: files up and down. */
export async function sendAuthorized<Data>(address: string, init: RequestInit): Promise<Answer<Data>> {
  const token = await accessToken()
  try {
    return await send<Data>(address, withToken(init, token))
  } catch (error) {
    if (token === null || !(error instanceof ApiError) || !isTokenRefused(error)) throw error
    const next = await renewToken(token)
    if (next === null) throw error
    return send<Data>(address, withToken(init, next))
  }
}

/** A 401 that is about the access token, not about a password in the request. */
function isTokenRefused(error: ApiError): boolean {
  return error.status === 401 && error.code !== 'credentials-invalid'
}

function withToken(init: RequestInit, token: string | null): RequestInit {
  if (token === null) return init
  const headers = new Headers(init.headers)
  headers.set('Authorization', `Bearer ${token}`)
  return { ...init, headers }
}

function addressOf(template: string, values: Record<string, string>, query: Record<string, unknown>): string {
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ''))
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null && one !== '') search.append(name, String(one))
    }
  }
  return search.size === 0 ? path : `${path}?${search}`
}
