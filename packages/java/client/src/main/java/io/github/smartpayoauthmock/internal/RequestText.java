package io.github.smartpayoauthmock.internal;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Recorded requests as text, for the messages of failed tests. */
public final class RequestText {
  /** The number of requests that a message shows. */
  public static final int MAX_SHOWN = 20;

  private RequestText() {}

  /** Returns a request as one line: what it was, the response, and the reason for it. */
  public static String line(Map<String, Object> request) {
    List<String> parts = new ArrayList<>();
    parts.add("#" + request.get("id") + " " + request.get("method") + " " + request.get("path"));
    for (String name : List.of("grant_type", "client_id", "merchant_id")) {
      Json.optionalText(request, name).ifPresent(parts::add);
    }
    if (request.get("outcome") == null) {
      parts.add("-> no response yet");
      return String.join(" ", parts);
    }

    Map<String, Object> outcome = Json.object(request, "outcome");
    parts.add("-> " + Json.optionalText(outcome, "status").orElse("no response"));
    Json.optionalText(outcome, "error").ifPresent(parts::add);
    Json.optionalText(outcome, "row").ifPresent(row -> parts.add("(row " + row + ")"));
    Json.optionalText(outcome, "scenario").ifPresent(name -> parts.add("by scenario " + name));
    Json.optionalText(outcome, "fault").ifPresent(fault -> parts.add("[" + fault + "]"));
    return String.join(" ", parts);
  }

  /** Returns the newest requests of a page of the journal, below the number of all. */
  public static String received(Map<String, Object> page) {
    List<Map<String, Object>> requests = Json.objects(page, "requests");
    if (requests.isEmpty()) {
      return "No request was received.";
    }

    long total = Json.number(page, "total");
    List<String> lines = new ArrayList<>();
    lines.add("Requests received (" + total + "):");
    if (total > requests.size()) {
      lines.add("  ... " + (total - requests.size()) + " earlier requests");
    }
    requests.forEach(request -> lines.add("  " + line(request)));
    return String.join("\n", lines);
  }

  /** Returns the notes of a page of the journal, with the requests that each applies to. */
  public static String notes(Map<String, Object> page) {
    Map<String, List<String>> idsByNote = new LinkedHashMap<>();
    for (Map<String, Object> request : Json.objects(page, "requests")) {
      for (String note : Json.texts(request, "notes")) {
        idsByNote.computeIfAbsent(note, none -> new ArrayList<>()).add("#" + request.get("id"));
      }
    }
    return idsByNote.entrySet().stream()
        .map(entry -> "note (" + String.join(", ", entry.getValue()) + "): " + entry.getKey())
        .collect(Collectors.joining("\n"));
  }

  /**
   * Returns the requests that were closest to an expectation, and how they differ. The text is
   * empty if every request met it, and there were too few.
   */
  public static String closest(Map<String, Object> verification) {
    List<String> lines = new ArrayList<>();
    for (Map<String, Object> nearMiss : Json.objects(verification, "closest")) {
      lines.add("  " + line(Json.object(nearMiss, "request")));
      for (Map<String, Object> difference : Json.objects(nearMiss, "differs")) {
        String found = Json.optionalText(difference, "actual").orElse("nothing");
        String expected = Json.text(difference, "expected");
        lines.add(
            "      " + difference.get("member") + ": expected " + expected + ", found " + found);
      }
    }
    if (Json.number(verification, "dropped") > 0) {
      lines.add(verification.get("dropped") + " older requests were dropped from the journal.");
    }
    return lines.isEmpty() ? "" : "Closest requests:\n" + String.join("\n", lines);
  }
}
