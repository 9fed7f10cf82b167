//! Every call of the control API, with what the OpenAPI document says of it.

use axum::http::Method;
use serde_json::{Map, Value};

use crate::fixture::{Client, Fixtures, Merchant, TlsFaults};
use crate::journal::Verification;
use crate::oauth::TokenResponse;
use crate::realm::{CodeRequest, IssuedCode, TokensRequest};
use crate::scenario::{Scenario, ScenarioState};
use crate::token::Inspection;

use super::clock::{AdvanceClock, ClockView, SetClock};
use super::entries::{ClientList, MerchantList};
use super::grants::GrantList;
use super::health::Health;
use super::inspect::InspectRequest;
use super::realms::{RealmList, RealmRequest, RealmView};
use super::requests::{RequestPage, VerifyRequest};
use super::routes::{Routes, about};
use super::scenarios::{Released, ScenarioList};
use super::{
    clock, codes, entries, events, fixtures, grants, health, inspect, openapi, realms, requests,
    scenarios, tls, tokens,
};

/// The call that changes nothing and tells nothing: a container's health check.
pub(super) fn for_anybody() -> Routes {
    Routes::default().on(
        Method::GET,
        "/health",
        health::health,
        about("Whether the server is there").returns::<Health>(200, "It is."),
    )
}

/// The calls that are for whoever is on this machine.
pub(super) fn guarded() -> Routes {
    let calls = Routes::default();
    let calls = requests_and_scenarios(calls);
    let calls = set_in_force(calls);
    life_of_a_grant(calls)
        .on(
            Method::GET,
            "/realms",
            realms::list,
            about("The isolated servers within this one").returns::<RealmList>(200, "All realms."),
        )
        .on(
            Method::PUT,
            "/realms/{name}",
            realms::put,
            about("Makes a realm, fresh, also in place of one of the same name")
                .takes::<RealmRequest>()
                .returns::<RealmView>(200, "It took the place of another.")
                .returns::<RealmView>(201, "It is new."),
        )
        .on(
            Method::DELETE,
            "/realms/{name}",
            realms::remove,
            about("Removes a realm with everything in it").returns_nothing("It is gone."),
        )
        .on(
            Method::GET,
            "/ca.pem",
            tls::ca,
            about("The certificate of the CA that signed the server's")
                .returns_other("application/x-pem-file", "PEM."),
        )
        .on(
            Method::GET,
            "/tls",
            tls::show,
            about("What goes wrong with TLS handshakes, on purpose")
                .returns::<TlsFaults>(200, "As it is."),
        )
        .on(
            Method::PUT,
            "/tls",
            tls::put,
            about("Lets TLS handshakes go wrong, all of them or those for a host")
                .takes::<TlsFaults>()
                .returns::<TlsFaults>(200, "As it is now."),
        )
        .on(
            Method::DELETE,
            "/tls",
            tls::reset,
            about("Lets handshakes be as the fixtures say")
                .returns::<TlsFaults>(200, "As it is now."),
        )
        .on(
            Method::GET,
            "/openapi.json",
            openapi::show,
            about("This document").returns::<Map<String, Value>>(200, "OpenAPI 3.1."),
        )
}

fn requests_and_scenarios(calls: Routes) -> Routes {
    calls
        .on(
            Method::GET,
            "/requests",
            requests::list,
            about("The journal: what was asked of this realm, the newest last")
                .filters()
                .query("limit", "So many at most: the first ones behind `after`, else the last.")
                .query("after", "Only those behind the entry with this id.")
                .returns::<RequestPage>(200, "The entries that fit."),
        )
        .on(
            Method::DELETE,
            "/requests",
            requests::clear,
            about("Empties the journal").returns_nothing("It is empty."),
        )
        .on(
            Method::POST,
            "/requests/verify",
            requests::verify,
            about("Whether the requests came that are expected, and if not, which came close")
                .takes::<VerifyRequest>()
                .query("wait", "How long to wait for it to hold: 2s. At most 300s.")
                .returns::<Verification>(200, "What was found."),
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
            .returns_other("text/event-stream", "Entries as they come."),
        )
        .on(
            Method::GET,
            "/scenarios",
            scenarios::list,
            about("The scenarios, in the order in which they are asked")
                .returns::<ScenarioList>(200, "All of them."),
        )
        .on(
            Method::POST,
            "/scenarios",
            scenarios::add,
            about("Puts a scenario before all others")
                .takes::<Scenario>()
                .returns::<ScenarioState>(201, "It is in force."),
        )
        .on(
            Method::DELETE,
            "/scenarios",
            scenarios::clear,
            about("Takes all scenarios out").returns_nothing("None is left."),
        )
        .on(
            Method::GET,
            "/scenarios/{name}",
            scenarios::show,
            about("A scenario and how far it has got").returns::<ScenarioState>(200, "This one."),
        )
        .on(
            Method::PUT,
            "/scenarios/{name}",
            scenarios::put,
            about("Puts a scenario before all others, in place of one of the same name")
                .takes::<Scenario>()
                .returns::<ScenarioState>(200, "It took the place of another.")
                .returns::<ScenarioState>(201, "It is new."),
        )
        .on(
            Method::DELETE,
            "/scenarios/{name}",
            scenarios::remove,
            about("Takes a scenario out; whoever it holds goes on").returns_nothing("It is out."),
        )
        .on(
            Method::POST,
            "/scenarios/{name}/release",
            scenarios::release,
            about("Lets the requests go that a scenario holds")
                .returns::<Released>(200, "How many those were."),
        )
}

fn set_in_force(calls: Routes) -> Routes {
    let calls = calls
        .on(
            Method::GET,
            "/fixtures",
            fixtures::show,
            about("The set in force").returns::<Fixtures>(200, "All of it."),
        )
        .on(
            Method::PUT,
            "/fixtures",
            fixtures::put,
            about("Replaces the set, all or nothing; live grants stay")
                .takes::<Fixtures>()
                .returns::<Fixtures>(200, "The set in force now."),
        )
        .on(
            Method::POST,
            "/reset",
            fixtures::reset,
            about("Back to the start: fixtures, grants, scenarios, journal and clock")
                .returns_nothing("As if it had just been made."),
        );
    let calls = calls
        .on(
            Method::GET,
            "/clients",
            entries::clients,
            about("The registered partners").returns::<ClientList>(200, "All of them."),
        )
        .on(
            Method::GET,
            "/clients/{id}",
            entries::show::<Client>,
            about("A registered partner").returns::<Client>(200, "This one."),
        )
        .on(
            Method::PUT,
            "/clients/{id}",
            entries::put::<Client>,
            about("Registers a partner, or registers it anew; `id` may be left out of the body")
                .takes::<Client>()
                .returns::<Client>(200, "It took the place of another.")
                .returns::<Client>(201, "It is new."),
        )
        .on(
            Method::PATCH,
            "/clients/{id}",
            entries::patch::<Client>,
            about("Changes members of a partner; null puts one back to its default")
                .takes::<Map<String, Value>>()
                .returns::<Client>(200, "As it is now."),
        )
        .on(
            Method::DELETE,
            "/clients/{id}",
            entries::remove::<Client>,
            about("Removes a partner, and the fixtures' codes and tokens of it")
                .returns_nothing("It is gone."),
        );
    calls
        .on(
            Method::GET,
            "/merchants",
            entries::merchants,
            about("The merchants").returns::<MerchantList>(200, "All of them."),
        )
        .on(
            Method::GET,
            "/merchants/{id}",
            entries::show::<Merchant>,
            about("A merchant").returns::<Merchant>(200, "This one."),
        )
        .on(
            Method::PUT,
            "/merchants/{id}",
            entries::put::<Merchant>,
            about("Makes a merchant, or makes it anew; `id` may be left out of the body")
                .takes::<Merchant>()
                .returns::<Merchant>(200, "It took the place of another.")
                .returns::<Merchant>(201, "It is new."),
        )
        .on(
            Method::PATCH,
            "/merchants/{id}",
            entries::patch::<Merchant>,
            about("Changes members of a merchant; null puts one back to its default")
                .takes::<Map<String, Value>>()
                .returns::<Merchant>(200, "As it is now."),
        )
        .on(
            Method::DELETE,
            "/merchants/{id}",
            entries::remove::<Merchant>,
            about("Removes a merchant, and the fixtures' codes and tokens of it")
                .returns_nothing("It is gone."),
        )
}

fn life_of_a_grant(calls: Routes) -> Routes {
    calls
        .on(
            Method::POST,
            "/codes",
            codes::issue,
            about("An authorization code, without a browser")
                .takes::<CodeRequest>()
                .returns::<IssuedCode>(201, "The code."),
        )
        .on(
            Method::POST,
            "/tokens",
            tokens::issue,
            about("Tokens, without a flow")
                .takes::<TokensRequest>()
                .returns::<TokenResponse>(201, "What the token endpoint would have answered."),
        )
        .on(
            Method::GET,
            "/grants",
            grants::list,
            about("What merchants have consented to").returns::<GrantList>(200, "All grants."),
        )
        .on(
            Method::DELETE,
            "/grants/{id}",
            grants::revoke,
            about("The merchant takes a grant back: its access tokens stop working at once")
                .returns_nothing("It is revoked."),
        )
        .on(
            Method::POST,
            "/inspect",
            inspect::inspect,
            about("What a token says, and whether and why it is good now")
                .takes::<InspectRequest>()
                .returns::<Inspection>(200, "What was found."),
        )
        .on(Method::GET, "/clock", clock::show, about("The time").returns::<ClockView>(200, "Now."))
        .on(
            Method::PUT,
            "/clock",
            clock::set,
            about("Sets, shifts, freezes or unfreezes the time; what is left out stays")
                .takes::<SetClock>()
                .returns::<ClockView>(200, "As it is now."),
        )
        .on(
            Method::DELETE,
            "/clock",
            clock::reset,
            about("Back to the machine's time").returns::<ClockView>(200, "Now."),
        )
        .on(
            Method::POST,
            "/clock/advance",
            clock::advance,
            about("Moves the time forward")
                .takes::<AdvanceClock>()
                .returns::<ClockView>(200, "As it is now."),
        )
}
