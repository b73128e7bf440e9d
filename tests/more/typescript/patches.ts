// One field of every resource is changed through a client whose types come from the document.
// Reads what exists from a module that the test writes; prints one line of JSON a resource.
import createClient from "openapi-fetch";

import { address, ids, sessions } from "./scene.js";
import type { paths } from "./siaga.js";

type Session = keyof typeof sessions;

const client = (session: Session) =>
  createClient<paths>({ baseUrl: address, headers: { Authorization: sessions[session] } });

type Answer = { data?: unknown; error?: unknown; response: Response };

async function roundTrip(
  path: string,
  read: () => Promise<Answer>,
  change: (tag: string) => Promise<Answer>,
): Promise<void> {
  const before = await read();
  const answer = await change(before.response.headers.get("etag") ?? "*");
  const after = await read();
  console.log(
    JSON.stringify({
      path,
      status: answer.response.status,
      problem: answer.error ?? null,
      before: before.data,
      answer: answer.data ?? null,
      after: after.data,
    }),
  );
}

const operator = client("operator");
const admin = client("admin");
const reviewer = client("reviewer");
const head = client("head");

await roundTrip(
  "/v1/me",
  () => reviewer.GET("/v1/me"),
  () => reviewer.PATCH("/v1/me", { body: { language: "en" } }),
);

const agency = { path: { agency_id: ids.agency } };
await roundTrip(
  "/v1/agencies/{agency_id}",
  () => operator.GET("/v1/agencies/{agency_id}", { params: agency }),
  () => operator.PATCH("/v1/agencies/{agency_id}", { params: agency, body: { name: "Renamed" } }),
);

const officer = { path: { officer_id: ids.officer } };
await roundTrip(
  "/v1/officers/{officer_id}",
  () => admin.GET("/v1/officers/{officer_id}", { params: officer }),
  () => admin.PATCH("/v1/officers/{officer_id}", { params: officer, body: { name: "Renamed" } }),
);

const webhook = { path: { webhook_id: ids.webhook } };
await roundTrip(
  "/v1/webhooks/{webhook_id}",
  () => admin.GET("/v1/webhooks/{webhook_id}", { params: webhook }),
  () =>
    admin.PATCH("/v1/webhooks/{webhook_id}", { params: webhook, body: { description: "renamed" } }),
);

const watchlist = { path: { watchlist_id: ids.watchlist } };
await roundTrip(
  "/v1/watchlists/{watchlist_id}",
  () => reviewer.GET("/v1/watchlists/{watchlist_id}", { params: watchlist }),
  (tag) =>
    reviewer.PATCH("/v1/watchlists/{watchlist_id}", {
      params: { ...watchlist, header: { "if-match": tag } },
      body: { name: "renamed" },
    }),
);

const subject = { path: { subject_id: ids.subject } };
await roundTrip(
  "/v1/subjects/{subject_id}",
  () => reviewer.GET("/v1/subjects/{subject_id}", { params: subject }),
  () =>
    reviewer.PATCH("/v1/subjects/{subject_id}", { params: subject, body: { name: "Renamed" } }),
);

const category = { path: { code: ids.category } };
await roundTrip(
  "/v1/categories/{code}",
  () => operator.GET("/v1/categories/{code}", { params: category }),
  (tag) =>
    operator.PATCH("/v1/categories/{code}", {
      params: { ...category, header: { "if-match": tag } },
      body: { priority: 1 },
    }),
);

const outcome = { path: { code: ids.outcome } };
await roundTrip(
  "/v1/outcomes/{code}",
  () => operator.GET("/v1/outcomes/{code}", { params: outcome }),
  (tag) =>
    operator.PATCH("/v1/outcomes/{code}", {
      params: { ...outcome, header: { "if-match": tag } },
      body: { disposition: "released" },
    }),
);

const shift = { path: { shift_id: ids.shift } };
await roundTrip(
  "/v1/duty/shifts/{shift_id}",
  () => admin.GET("/v1/duty/shifts/{shift_id}", { params: shift }),
  () =>
    admin.PATCH("/v1/duty/shifts/{shift_id}", { params: shift, body: { begins: "06:00" } }),
);

const preset = { path: { preset_id: ids.preset } };
await roundTrip(
  "/v1/referral-presets/{preset_id}",
  () => admin.GET("/v1/referral-presets/{preset_id}", { params: preset }),
  () =>
    admin.PATCH("/v1/referral-presets/{preset_id}", {
      params: preset,
      body: { name: "Renamed" },
    }),
);

const office = { path: { office_id: ids.office } };
await roundTrip(
  "/v1/offices/{office_id}",
  () => admin.GET("/v1/offices/{office_id}", { params: office }),
  () => admin.PATCH("/v1/offices/{office_id}", { params: office, body: { area: "32" } }),
);

const team = { path: { team_id: ids.team } };
await roundTrip(
  "/v1/teams/{team_id}",
  () => head.GET("/v1/teams/{team_id}", { params: team }),
  () => head.PATCH("/v1/teams/{team_id}", { params: team, body: { area: "32" } }),
);

// What must not compile: a policy's edit without its version, and a value of another type.
export const wrong = () => [
  // @ts-expect-error the version is required
  reviewer.PATCH("/v1/watchlists/{watchlist_id}", { params: watchlist, body: { name: "x" } }),
  // @ts-expect-error a name is text
  admin.PATCH("/v1/agencies/{agency_id}", { params: agency, body: { name: 7 } }),
];
