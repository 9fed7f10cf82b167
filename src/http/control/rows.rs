//! `/_mock/rows`: the decision table of the token endpoint.

use schemars::JsonSchema;
use serde::Serialize;

use super::json::Json;
use super::routes::{GET, Routes};
use crate::http::context::RequestContext;
use crate::oauth::{DECISION_TABLE, ErrorCode};

/// The decision table: the first row whose condition holds decides a token request.
#[derive(Serialize, JsonSchema)]
struct RowList {
    /// The rows, in their order.
    rows: Vec<RowView>,
}

/// A row of the decision table. Several may have the same number.
#[derive(Serialize, JsonSchema)]
struct RowView {
    /// The number of the row, as in the `outcome` of a recorded request.
    row: u8,
    /// The condition under which a request fails, as a sentence.
    condition: &'static str,
    /// The error code, in the dialect of the realm.
    error: ErrorCode,
}

pub(super) fn add_routes(routes: &mut Routes) {
    routes
        .add(GET, "/rows", list)
        .doc("listRows", "Lists the rows of the decision table of the token endpoint")
        .returns::<RowList>(200, "All rows.");
}

async fn list(context: RequestContext) -> Json<RowList> {
    let dialect = context.registry.settings.dialect;
    let rows = DECISION_TABLE.iter().map(|&(row, number, condition)| RowView {
        row: number,
        condition,
        error: row.error(dialect),
    });
    Json(RowList { rows: rows.collect() })
}
