package io.github.smartpayoauthmock;

import io.github.smartpayoauthmock.internal.Json;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What the server has to say about the client under test. */
public final class Report {
  private final Map<String, Object> json;

  Report(Map<String, Object> json) {
    this.json = json;
  }

  /**
   * A rule that the client has broken.
   *
   * @param rule the name of the rule
   * @param severity {@code error}, {@code warning} or {@code info}
   * @param times how often it was broken
   * @param text what the client did
   * @param help what it should do
   */
  public record Finding(String rule, String severity, long times, String text, String help) {}

  /**
   * Returns how many requests the client has sent.
   *
   * @return the number of requests
   */
  public long requests() {
    return Json.number(json, "requests");
  }

  /**
   * Returns how many of the documented errors the client has met.
   *
   * @return the number of errors
   */
  public long errorsMet() {
    return Json.number(Json.object(json, "coverage"), "errors_met");
  }

  /**
   * Returns how many documented errors there are.
   *
   * @return the number of errors
   */
  public long errorsOf() {
    return Json.number(Json.object(json, "coverage"), "errors_of");
  }

  /**
   * Returns the rules that the client has broken.
   *
   * @return a finding for each rule
   */
  public List<Finding> findings() {
    return Json.objects(json, "findings").stream()
        .map(
            finding ->
                new Finding(
                    Json.text(finding, "rule"),
                    Json.text(finding, "severity"),
                    Json.number(finding, "times"),
                    Json.text(finding, "text"),
                    Json.text(finding, "help")))
        .toList();
  }

  /**
   * Returns the scenarios that no request has matched.
   *
   * @return the names of the scenarios
   */
  public List<String> unusedScenarios() {
    return Json.texts(json, "unused_scenarios");
  }

  /**
   * Returns the whole report.
   *
   * @return the JSON of the control API, as maps and lists
   */
  public Map<String, Object> json() {
    return json;
  }

  /** Returns a line with what the client met, and a line for each finding. */
  @Override
  public String toString() {
    String met = errorsMet() + " of " + errorsOf() + " documented errors met";
    return findings().stream()
        .map(finding -> "\n" + finding.severity() + ": " + finding.rule() + ": " + finding.text())
        .collect(Collectors.joining("", met, ""));
  }
}
