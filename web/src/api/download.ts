// SPDX-License-Identifier: Apache-2.0
// Files that are sent while they are read: without a length, with the access token in the
// header, saved once the last piece has come.
import { ApiError, NoAnswerError } from './http'
import { accessToken, renewToken } from './session'

export type Download = { name: string; blob: Blob }

/** Tells how many bytes have come. A file that ends too early is an error, never a short file. */
export async function download(
  address: string,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
  init: RequestInit = {},
): Promise<Download> {
  const token = await accessToken()
  let response = await request(address, token, signal, init)
  if (response.status === 401 && token !== null) response = await request(address, await renewToken(token), signal, init)
  if (!response.ok) throw new ApiError(response.status, await problemOf(response), response.headers)
  const parts: BlobPart[] = []
  let bytes = 0
  try {
    const reader = response.body?.getReader()
    for (let read = await reader?.read(); read !== undefined && !read.done; read = await reader?.read()) {
      parts.push(read.value)
      bytes += read.value.byteLength
      onBytes(bytes)
    }
  } catch (error) {
    if (signal.aborted) throw error
    throw new NoAnswerError('network')
  }
  const type = response.headers.get('Content-Type') ?? 'application/octet-stream'
  return { name: fileName(response.headers.get('Content-Disposition')), blob: new Blob(parts, { type }) }
}

/** Hands a file to the browser's downloads. */
export function saveFile({ name, blob }: Download): void {
  const address = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}

/** The name that the header gives, without anything that could be a path. */
export function fileName(disposition: string | null): string {
  const name = /filename="([^"]+)"/.exec(disposition ?? '')?.[1] ?? 'export'
  return name.replace(/[^\w.-]/g, '_')
}

async function request(address: string, token: string | null, signal: AbortSignal, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers)
  if (token !== null) headers.set('Authorization', `Bearer ${token}`)
  try {
    return await fetch(address, { ...init, headers, signal, credentials: 'same-origin', cache: 'no-store' })
  } catch (error) {
    if (signal.aborted) throw error
    throw new NoAnswerError(navigator.onLine ? 'network' : 'offline')
  }
}

async function problemOf(response: Response): Promise<object> {
  try {
    const body: unknown = await response.json()
    return typeof body === 'object' && body !== null ? body : {}
  } catch {
    return {}
  }
}
