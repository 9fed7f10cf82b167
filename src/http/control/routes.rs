//! The calls of the control API: each is routed and described at the same place, so that the
//! OpenAPI document knows them all.

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, on};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::http::App;

/// Makes the schema of a type.
pub(super) type SchemaFn = fn(&mut SchemaGenerator) -> Schema;

/// What the document says of a call.
#[derive(Clone, Debug)]
pub(super) struct OperationDoc {
    pub(super) summary: &'static str,
    /// The body that it takes.
    pub(super) takes: Option<SchemaFn>,
    /// ParamPolicy of its query, each with what it means.
    pub(super) query: Vec<(&'static str, &'static str)>,
    /// Its good answers: status, what they are, and their body.
    pub(super) answers: Vec<(u16, &'static str, Body)>,
}

/// The body of a good answer.
#[derive(Clone, Copy, Debug)]
pub(super) enum Body {
    None,
    Json(SchemaFn),
    /// Anything else, by its media type.
    Other(&'static str),
}

/// A call with this summary.
pub(super) fn about(summary: &'static str) -> OperationDoc {
    OperationDoc { summary, takes: None, query: Vec::new(), answers: Vec::new() }
}

impl OperationDoc {
    /// It takes a body of this type.
    pub(super) fn takes<T: JsonSchema>(mut self) -> Self {
        self.takes = Some(|generator| generator.subschema_for::<T>());
        self
    }

    /// It takes this parameter in its query.
    pub(super) fn query(mut self, name: &'static str, default_description: &'static str) -> Self {
        self.query.push((name, default_description));
        self
    }

    /// It takes the parameters by which the journal is narrowed.
    pub(super) fn filters(self) -> Self {
        self.query(
            "endpoint",
            "token, authorize, resource, introspect, revoke, jwks, metadata or unknown",
        )
        .query("client_id", "The client's id; * stands for anything.")
        .query("merchant_id", "The merchant's id; * stands for anything.")
        .query("grant_type", "The grant type; * stands for anything.")
        .query("correlation_id", "The correlation id; * stands for anything.")
        .query("status", "The HTTP status of the answer.")
        .query("error", "The error code of the answer; * is any.")
        .query("scenario", "The scenario that took part; * is any.")
    }

    /// It answers this status with a body of this type.
    pub(super) fn returns<T: JsonSchema>(mut self, status: u16, what: &'static str) -> Self {
        self.answers.push((status, what, Body::Json(|generator| generator.subschema_for::<T>())));
        self
    }

    /// It answers 204.
    pub(super) fn returns_nothing(mut self, what: &'static str) -> Self {
        self.answers.push((204, what, Body::None));
        self
    }

    /// It answers 200 with something that is not JSON.
    pub(super) fn returns_other(mut self, media_type: &'static str, what: &'static str) -> Self {
        self.answers.push((200, what, Body::Other(media_type)));
        self
    }
}

/// A call as the document lists it.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) about: OperationDoc,
}

/// Routes that are being put together.
#[derive(Default)]
pub(super) struct Routes {
    router: Router<Arc<App>>,
    described: Vec<Operation>,
}

impl Routes {
    /// A call by this method at this path.
    pub(super) fn on<H, T>(
        mut self,
        method: Method,
        path: &'static str,
        handler: H,
        about: OperationDoc,
    ) -> Self
    where
        H: Handler<T, Arc<App>>,
        T: 'static,
    {
        // Every method of the table is one that can be filtered by.
        if let Ok(filter) = MethodFilter::try_from(method.clone()) {
            self.router = self.router.route(path, on(filter, handler));
            self.described.push(Operation { method, path, about });
        }
        self
    }

    /// The routes.
    pub(super) fn router(self) -> Router<Arc<App>> {
        self.router
    }

    /// The descriptions.
    pub(super) fn described(self) -> Vec<Operation> {
        self.described
    }
}
