//! Every call of the control API, with what the OpenAPI document says of it.

use axum::http::Method;
use serde_json::{Map, Value};

use crate::fixture::{Client, Fixtures, Merchant, TlsFaults};
use crate::journal::Verification;
use crate::oauth::TokenResponse;
use crate::scenario::Scenario;
use crate::token::Inspection;

use super::calls::{Calls, about};
use super::clock::{SetClock, Step, Time};
use super::codes::{NewCode, ShownCode};
use super::grants::GrantList;
use super::health::Health;
use super::inspect::Token;
use super::parties::{ClientList, MerchantList};
use super::realms::{NewRealm, RealmList, ShownRealm};
use super::requests::{Expected, Requests};
use super::scenarios::{Released, ScenarioList, ShownScenario};
use super::tokens::NewTokens;
use super::{
    clock, codes, events, fixtures, grants, health, inspect, openapi, parties, realms, requests,
    scenarios, tls, tokens,
};

/// The call that changes nothing and tells nothing: a container's health check.
pub(super) fn for_anybody() -> Calls {
    Calls::default().on(
        Method::GET,
        "/health",
        health::health,
        about("Whether the server is there").answers::<Health>(200, "It is."),
    )
}

/// The calls that are for whoever is on this machine.
pub(super) fn guarded() -> Calls {
    let calls = Calls::default();
    let calls = requests_and_scenarios(calls);
    let calls = set_in_force(calls);
    life_of_a_grant(calls)
        .on(
            Method::GET,
            "/realms",
            realms::list,
            about("The isolated servers within this one").answers::<RealmList>(200, "All realms."),
        )
        .on(
            Method::PUT,
            "/realms/{name}",
            realms::put,
            about("Makes a realm, fresh, also in place of one of the same name")
                .takes::<NewRealm>()
                .answers::<ShownRealm>(200, "It took the place of another.")
                .answers::<ShownRealm>(201, "It is new."),
        )
        .on(
            Method::DELETE,
            "/realms/{name}",
            realms::remove,
            about("Removes a realm with everything in it").answers_nothing("It is gone."),
        )
        .on(
            Method::GET,
            "/ca.pem",
            tls::ca,
            about("The certificate of the CA that signed the server's")
                .answers_other("application/x-pem-file", "PEM."),
        )
        .on(
            Method::GET,
            "/tls",
            tls::show,
            about("What goes wrong with TLS handshakes, on purpose")
                .answers::<TlsFaults>(200, "As it is."),
        )
        .on(
            Method::PUT,
            "/tls",
            tls::put,
            about("Lets TLS handshakes go wrong, all of them or those for a host")
                .takes::<TlsFaults>()
                .answers::<TlsFaults>(200, "As it is now."),
        )
        .on(
            Method::DELETE,
            "/tls",
            tls::reset,
            about("Lets handshakes be as the fixtures say")
                .answers::<TlsFaults>(200, "As it is now."),
        )
        .on(
            Method::GET,
            "/openapi.json",
            openapi::show,
            about("This document").answers::<Map<String, Value>>(200, "OpenAPI 3.1."),
        )
}

fn requests_and_scenarios(calls: Calls) -> Calls {
    calls
        .on(
            Method::GET,
            "/requests",
            requests::list,
            about("The journal: what was asked of this realm, the newest last")
                .filters()
                .query("limit", "So many at most: the first ones behind `after`, else the last.")
                .query("after", "Only those behind the entry with this id.")
                .answers::<Requests>(200, "The entries that fit."),
        )
        .on(
            Method::DELETE,
            "/requests",
            requests::clear,
            about("Empties the journal").answers_nothing("It is empty."),
        )
        .on(
            Method::POST,
            "/requests/verify",
            requests::verify,
            about("Whether the requests came that are expected, and if not, which came close")
                .takes::<Expected>()
                .query("wait", "How long to wait for it to hold: 2s. At most 300s.")
                .answers::<Verification>(200, "What was found."),
        )
        .on(
            Method::GET,
            "/events",
            events::stream,
            about(
                "The journal as server-sent events: `request`, and `dropped` if some were missed",
            )
            .filters()
            .query("after", "Begin behind the entry with this id; with 0, at the start.")
            .answers_other("text/event-stream", "Entries as they come."),
        )
        .on(
            Method::GET,
            "/scenarios",
            scenarios::list,
            about("The scenarios, in the order in which they are asked")
                .answers::<ScenarioList>(200, "All of them."),
        )
        .on(
            Method::POST,
            "/scenarios",
            scenarios::add,
            about("Puts a scenario before all others")
                .takes::<Scenario>()
                .answers::<ShownScenario>(201, "It is in force."),
        )
        .on(
            Method::DELETE,
            "/scenarios",
            scenarios::clear,
            about("Takes all scenarios out").answers_nothing("None is left."),
        )
        .on(
            Method::GET,
            "/scenarios/{name}",
            scenarios::show,
            about("A scenario and how far it has got").answers::<ShownScenario>(200, "This one."),
        )
        .on(
            Method::PUT,
            "/scenarios/{name}",
            scenarios::put,
            about("Puts a scenario before all others, in place of one of the same name")
                .takes::<Scenario>()
                .answers::<ShownScenario>(200, "It took the place of another.")
                .answers::<ShownScenario>(201, "It is new."),
        )
        .on(
            Method::DELETE,
            "/scenarios/{name}",
            scenarios::remove,
            about("Takes a scenario out; whoever it holds goes on").answers_nothing("It is out."),
        )
        .on(
            Method::POST,
            "/scenarios/{name}/release",
            scenarios::release,
            about("Lets the requests go that a scenario holds")
                .answers::<Released>(200, "How many those were."),
        )
}

fn set_in_force(calls: Calls) -> Calls {
    let calls = calls
        .on(
            Method::GET,
            "/fixtures",
            fixtures::show,
            about("The set in force").answers::<Fixtures>(200, "All of it."),
        )
        .on(
            Method::PUT,
            "/fixtures",
            fixtures::put,
            about("Replaces the set, all or nothing; live grants stay")
                .takes::<Fixtures>()
                .answers::<Fixtures>(200, "The set in force now."),
        )
        .on(
            Method::POST,
            "/reset",
            fixtures::reset,
            about("Back to the start: fixtures, grants, scenarios, journal and clock")
                .answers_nothing("As if it had just been made."),
        );
    let calls = calls
        .on(
            Method::GET,
            "/clients",
            parties::clients,
            about("The registered partners").answers::<ClientList>(200, "All of them."),
        )
        .on(
            Method::GET,
            "/clients/{id}",
            parties::client,
            about("A registered partner").answers::<Client>(200, "This one."),
        )
        .on(
            Method::PUT,
            "/clients/{id}",
            parties::client,
            about("Registers a partner, or registers it anew; `id` may be left out of the body")
                .takes::<Client>()
                .answers::<Client>(200, "It took the place of another.")
                .answers::<Client>(201, "It is new."),
        )
        .on(
            Method::PATCH,
            "/clients/{id}",
            parties::client,
            about("Changes members of a partner; null puts one back to its default")
                .takes::<Map<String, Value>>()
                .answers::<Client>(200, "As it is now."),
        )
        .on(
            Method::DELETE,
            "/clients/{id}",
            parties::client,
            about("Removes a partner, and the fixtures' codes and tokens of it")
                .answers_nothing("It is gone."),
        );
    calls
        .on(
            Method::GET,
            "/merchants",
            parties::merchants,
            about("The merchants").answers::<MerchantList>(200, "All of them."),
        )
        .on(
            Method::GET,
            "/merchants/{id}",
            parties::merchant,
            about("A merchant").answers::<Merchant>(200, "This one."),
        )
        .on(
            Method::PUT,
            "/merchants/{id}",
            parties::merchant,
            about("Makes a merchant, or makes it anew; `id` may be left out of the body")
                .takes::<Merchant>()
                .answers::<Merchant>(200, "It took the place of another.")
                .answers::<Merchant>(201, "It is new."),
        )
        .on(
            Method::PATCH,
            "/merchants/{id}",
            parties::merchant,
            about("Changes members of a merchant; null puts one back to its default")
                .takes::<Map<String, Value>>()
                .answers::<Merchant>(200, "As it is now."),
        )
        .on(
            Method::DELETE,
            "/merchants/{id}",
            parties::merchant,
            about("Removes a merchant, and the fixtures' codes and tokens of it")
                .answers_nothing("It is gone."),
        )
}

fn life_of_a_grant(calls: Calls) -> Calls {
    calls
        .on(
            Method::POST,
            "/codes",
            codes::issue,
            about("An authorization code, without a browser")
                .takes::<NewCode>()
                .answers::<ShownCode>(201, "The code."),
        )
        .on(
            Method::POST,
            "/tokens",
            tokens::issue,
            about("Tokens, without a flow")
                .takes::<NewTokens>()
                .answers::<TokenResponse>(201, "What the token endpoint would have answered."),
        )
        .on(
            Method::GET,
            "/grants",
            grants::list,
            about("What merchants have consented to").answers::<GrantList>(200, "All grants."),
        )
        .on(
            Method::DELETE,
            "/grants/{id}",
            grants::revoke,
            about("The merchant takes a grant back: its access tokens stop working at once")
                .answers_nothing("It is revoked."),
        )
        .on(
            Method::POST,
            "/inspect",
            inspect::inspect,
            about("What a token says, and whether and why it is good now")
                .takes::<Token>()
                .answers::<Inspection>(200, "What was found."),
        )
        .on(Method::GET, "/clock", clock::show, about("The time").answers::<Time>(200, "Now."))
        .on(
            Method::PUT,
            "/clock",
            clock::set,
            about("Sets, shifts, freezes or unfreezes the time; what is left out stays")
                .takes::<SetClock>()
                .answers::<Time>(200, "As it is now."),
        )
        .on(
            Method::DELETE,
            "/clock",
            clock::reset,
            about("Back to the machine's time").answers::<Time>(200, "Now."),
        )
        .on(
            Method::POST,
            "/clock/advance",
            clock::advance,
            about("Moves the time forward").takes::<Step>().answers::<Time>(200, "As it is now."),
        )
}
