// Requests to the server that the page came from. A request that is replaced by a newer one is ended, so the server
// stops its work for it.

const TOKEN = "schemalm-token";
let model = null;
let askToken = null; // a function that returns a promise of the server's token

export function useModel(name) {
  model = name;
}

export function onMissingToken(ask) {
  askToken = ask;
}

/** An answer that is an error: `message` is for people, `line` is where in the text it is, if known. */
export class Refused extends Error {
  constructor(error) {
    super(error.message);
    this.line = error.line ?? null;
  }
}

export function isAborted(error) {
  return error.name === "AbortError";
}

async function send(path, body, signal) {
  const headers = {};
  const token = sessionStorage.getItem(TOKEN);
  if (token) headers.Authorization = `Bearer ${token}`;
  const options = { headers, signal, cache: "no-store" };
  if (body) {
    headers["Content-Type"] = "application/json";
    Object.assign(options, { method: "POST", body: JSON.stringify({ model, ...body }) });
  }
  const response = await fetch(path, options);
  if (response.ok) return response;
  if (response.status === 401 && askToken) {
    sessionStorage.setItem(TOKEN, await askToken());
    return send(path, body, signal);
  }
  throw new Refused((await response.json()).error);
}

/** Return the object that an endpoint answers; without a body it is asked with GET. */
export async function ask(path, body, signal) {
  return (await send(path, body, signal)).json();
}

/** Yield the objects of an answer in events. */
export async function* follow(path, body, signal) {
  const response = await send(path, { ...body, stream: true }, signal);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (rest + value).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      const data = event.slice("data: ".length);
      if (data === "[DONE]") continue;
      const found = JSON.parse(data);
      if (found.error) throw new Refused(found.error);
      yield found;
    }
  }
}

/** Return functions about work of which only the latest goes on: `start` ends the one before, `stop` the last one. */
export function latest(work) {
  let running = null;
  const stop = () => {
    running?.abort();
    return Boolean(running);
  };
  const start = async () => {
    stop();
    const mine = (running = new AbortController());
    try {
      return await work(mine.signal);
    } finally {
      if (running === mine) running = null;
    }
  };
  return { start, stop, isRunning: () => Boolean(running) };
}
