package io.github.smartpayoauthmock.internal;

import io.github.smartpayoauthmock.SmartpayMockException;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.stream.Collectors;

/** Reads responses of the control API. */
final class ResponseReader {
  private ResponseReader() {}

  /** Returns the JSON of a response, or throws the exception that its status stands for. */
  static Map<String, Object> read(String method, String path, int status, String body) {
    Map<String, Object> content = null;
    try {
      content = body.isEmpty() ? Map.of() : Json.parse(body);
    } catch (IllegalArgumentException e) {
      // Another program may respond with anything.
    }
    if (content != null && status < 400) {
      return content;
    }

    String detail = content == null ? "not a response of the mock" : describe(content);
    String text = detail + " (" + method + " " + path + ": " + status + ")";
    if (status == 404) {
      throw new NoSuchElementException(text);
    }
    if (content == null || status >= 500) {
      throw new SmartpayMockException(text);
    }
    throw new IllegalArgumentException(text);
  }

  /** Returns what a problem document (RFC 9457) says, with each invalid member on a line. */
  private static String describe(Map<String, Object> problem) {
    List<Map<String, Object>> errors = Json.objects(problem, "errors");
    if (errors.size() == 1) {
      return describeMember(errors.get(0));
    }
    String detail =
        Json.optionalText(problem, "detail")
            .or(() -> Json.optionalText(problem, "title"))
            .orElse(problem.toString());
    return errors.stream()
        .map(error -> "\n  " + describeMember(error))
        .collect(Collectors.joining("", detail, ""));
  }

  private static String describeMember(Map<String, Object> error) {
    // Fixtures that are text have a line and a column.
    String place =
        error.get("line") == null ? "" : error.get("line") + ":" + error.get("column") + ": ";
    String pointer = Json.text(error, "pointer");
    return place + (pointer.isEmpty() ? "the body" : pointer) + ": " + error.get("detail");
  }
}
