package io.github.smartpayoauthmock.internal;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Supplier;

/** The control API of one realm, and the expectations that are not judged yet. */
public final class RealmClient {
  private final ControlClient control;
  private final String prefix;
  private final Map<String, Supplier<String>> expectations = new ConcurrentSkipListMap<>();

  /** Creates a client for a realm; {@code name} is null for the server's own. */
  public RealmClient(ControlClient control, String name) {
    this.control = control;
    this.prefix = name == null ? "/_mock" : "/realms/" + name + "/_mock";
  }

  /** Returns the client for the whole server. */
  public ControlClient control() {
    return control;
  }

  /** Sends a call without a body, such as {@code GET}, {@code /clock}. */
  public Map<String, Object> call(String method, String path) {
    return control.call(method, prefix + path, null);
  }

  /** Sends a call with a JSON body. */
  public Map<String, Object> call(String method, String path, Object body) {
    return control.call(method, prefix + path, body);
  }

  /** Sends a call whose body is YAML. */
  public void sendYaml(String method, String path, String yaml) {
    byte[] content = yaml.getBytes(StandardCharsets.UTF_8);
    control.send(method, prefix + path, content, "application/yaml", Duration.ZERO);
  }

  /** Verifies an expectation, and waits up to {@code wait} for it. */
  public Map<String, Object> verify(Map<String, Object> expectation, Duration wait) {
    String path = prefix + "/requests/verify";
    if (!wait.isZero()) {
      path += "?wait=" + Durations.toText(wait);
    }
    byte[] content = Json.write(expectation).getBytes(StandardCharsets.UTF_8);
    return control.send("POST", path, content, "application/json", wait);
  }

  /** Returns the newest requests of the journal, as many as a message shows. */
  public Map<String, Object> newestRequests() {
    return call("GET", "/requests?limit=" + RequestText.MAX_SHOWN);
  }

  /** Adds an expectation: it returns why it is not met, or null. */
  public void expect(String scenario, Supplier<String> failure) {
    expectations.put(scenario, failure);
  }

  /** Removes an expectation. */
  public void forget(String scenario) {
    expectations.remove(scenario);
  }

  /** Judges the expectations, each of them once. Returns why some are not met. */
  public List<String> takeFailures() {
    if (expectations.isEmpty()) {
      return Collections.emptyList();
    }
    return List.copyOf(expectations.keySet()).stream()
        .map(expectations::remove)
        .filter(Objects::nonNull)
        .map(Supplier::get)
        .filter(Objects::nonNull)
        .toList();
  }
}
