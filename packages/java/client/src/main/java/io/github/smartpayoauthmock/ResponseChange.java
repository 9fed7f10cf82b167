package io.github.smartpayoauthmock;

import io.github.smartpayoauthmock.internal.Json;
import java.util.List;
import java.util.Map;

/** Changes to the JSON of a successful response. Immutable: each method returns a changed copy. */
public final class ResponseChange {
  static final ResponseChange NONE = new ResponseChange(Map.of());

  private final Map<String, Object> members;

  private ResponseChange(Map<String, Object> members) {
    this.members = members;
  }

  /**
   * Adds or replaces a member.
   *
   * @param name the name of the member
   * @param value its value in JSON: a text, a number, a boolean, a list or a map
   * @return these changes and this one
   */
  public ResponseChange member(String name, Object value) {
    return new ResponseChange(Json.withEntry(members, "set", name, value));
  }

  /**
   * Removes members.
   *
   * @param names the names of the members
   * @return these changes and this one
   */
  public ResponseChange withoutMembers(String... names) {
    return new ResponseChange(Json.with(members, "drop", List.of(names)));
  }

  Map<String, Object> toJson() {
    return members;
  }
}
