// The types that openapi-typescript generated, used as a test suite would: checked by tsc --strict.
import type { components, operations, paths } from "./api";

type Schemas = components["schemas"];

export const client: Schemas["ClientRequest"] = { secret: "s", status: "inactive" };

export const code: Schemas["CodeRequest"] = { client_id: "a", merchant_id: "b" };

export const scenario: Schemas["Scenario"] = {
  when: [{ grant_type: "refresh_token" }, { endpoint: "revoke" }],
  respond: ["pass", { error: "server_error", delay: { min: "1s", max: "2s" } }],
  times: 2,
};

export const query: paths["/requests"]["get"]["parameters"]["query"] = {
  limit: 5,
  after: 0,
  status: 400,
  endpoint: "token",
};

// A body that is required cannot be left out.
type Body<Operation extends { requestBody?: unknown }> = Operation["requestBody"];
export const body: Body<operations["issueCode"]> = { content: { "application/json": code } };

// @ts-expect-error: there is no such endpoint.
export const wrong: Schemas["RecordedEndpoint"] = "nowhere";

export function describe(value: Schemas["RecordedParam"]): string {
  return typeof value === "string" ? value : value.fingerprint;
}

export function pointers(problem: Schemas["Problem"]): string[] {
  return (problem.errors ?? []).map((error) => error.pointer);
}
