package io.github.smartpayoauthmock.internal;

import com.grack.nanojson.JsonParser;
import com.grack.nanojson.JsonParserException;
import com.grack.nanojson.JsonWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads and writes JSON: objects are maps, arrays are lists. */
public final class Json {
  private Json() {}

  /**
   * Parses a JSON object. Its order is kept.
   *
   * @throws IllegalArgumentException if the text is not a JSON object
   */
  public static Map<String, Object> parse(String text) {
    try {
      return Collections.unmodifiableMap(JsonParser.object().from(text));
    } catch (JsonParserException e) {
      throw new IllegalArgumentException("not a JSON object: " + e.getMessage(), e);
    }
  }

  /** Returns a value as JSON. Durations and times are texts, in the form that the mock reads. */
  public static String write(Object value) {
    return JsonWriter.string(encode(value));
  }

  /** Returns a copy of an object with one more member, or with another value of it. */
  public static Map<String, Object> with(Map<String, Object> object, String name, Object value) {
    Map<String, Object> copy = new LinkedHashMap<>(object);
    copy.put(name, encode(value));
    return Collections.unmodifiableMap(copy);
  }

  /** Returns a copy of an object whose member is a map, with one more entry in that map. */
  public static Map<String, Object> withEntry(
      Map<String, Object> object, String member, String name, Object value) {
    return with(object, member, with(object(object, member), name, value));
  }

  /** Returns a member that is an object; empty if there is none. */
  @SuppressWarnings("unchecked")
  public static Map<String, Object> object(Map<String, Object> object, String name) {
    Object value = object.get(name);
    return value == null ? Map.of() : (Map<String, Object>) value;
  }

  /** Returns a member that is a list of objects; empty if there is none. */
  @SuppressWarnings("unchecked")
  public static List<Map<String, Object>> objects(Map<String, Object> object, String name) {
    Object value = object.get(name);
    return value == null ? List.of() : (List<Map<String, Object>>) value;
  }

  /** Returns a member that is a list of texts; empty if there is none. */
  public static List<String> texts(Map<String, Object> object, String name) {
    Object value = object.get(name);
    if (value == null) {
      return List.of();
    }
    return ((Collection<?>) value).stream().map(String::valueOf).toList();
  }

  /** Returns a member that is a text, if it is there and not null. */
  public static Optional<String> optionalText(Map<String, Object> object, String name) {
    return Optional.ofNullable(object.get(name)).map(String::valueOf);
  }

  /** Returns a member that is a text. */
  public static String text(Map<String, Object> object, String name) {
    return String.valueOf(object.get(name));
  }

  /** Returns a member that is a number; 0 if there is none. */
  public static long number(Map<String, Object> object, String name) {
    return object.get(name) instanceof Number number ? number.longValue() : 0;
  }

  private static Object encode(Object value) {
    if (value instanceof Duration duration) {
      return Durations.toText(duration);
    }
    if (value instanceof Instant || value instanceof Enum) {
      return value.toString();
    }
    if (value instanceof Map<?, ?> map) {
      Map<String, Object> copy = new LinkedHashMap<>();
      map.forEach((name, member) -> copy.put(String.valueOf(name), encode(member)));
      return Collections.unmodifiableMap(copy);
    }
    if (value instanceof Collection<?> collection) {
      List<Object> copy = new ArrayList<>();
      collection.forEach(element -> copy.add(encode(element)));
      return Collections.unmodifiableList(copy);
    }
    if (value == null
        || value instanceof String
        || value instanceof Number
        || value instanceof Boolean) {
      return value;
    }
    throw new IllegalArgumentException(
        value.getClass().getName()
            + " cannot be sent as JSON: use a map, a list, a text, a number or a boolean");
  }
}
