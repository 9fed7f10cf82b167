package io.github.smartpayoauthmock;

import io.github.smartpayoauthmock.internal.FixtureText;
import java.nio.file.Path;
import java.util.Optional;

/** What a new realm is made of. Immutable: each method returns a changed copy. */
public final class RealmOptions {
  static final RealmOptions DEFAULTS = new RealmOptions("realm", null);

  private final String label;
  private final String fixtures;

  private RealmOptions(String label, String fixtures) {
    this.label = label;
    this.fixtures = fixtures;
  }

  /**
   * Sets the fixtures. Default: those of the server.
   *
   * @param yaml the fixtures, in YAML or JSON
   * @return the changed options
   */
  public RealmOptions fixtures(String yaml) {
    return new RealmOptions(label, FixtureText.of(yaml));
  }

  /**
   * Sets the fixtures to the content of a file.
   *
   * @param file a file in YAML or JSON
   * @return the changed options
   */
  public RealmOptions fixtures(Path file) {
    return new RealmOptions(label, FixtureText.of(file));
  }

  /**
   * Sets what the name of the realm begins with, such as the name of a test.
   *
   * @param label any text; in the name, letters are lower case, and other characters are dashes
   * @return the changed options
   */
  public RealmOptions label(String label) {
    return new RealmOptions(label, fixtures);
  }

  String label() {
    return label;
  }

  Optional<String> fixtures() {
    return Optional.ofNullable(fixtures);
  }
}
