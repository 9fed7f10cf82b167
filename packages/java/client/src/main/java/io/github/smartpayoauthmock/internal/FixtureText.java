package io.github.smartpayoauthmock.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Fixtures as text. */
public final class FixtureText {
  private FixtureText() {}

  /**
   * Returns text that is given as fixtures.
   *
   * @throws IllegalArgumentException if it is the name of a file
   */
  public static String of(String yaml) {
    boolean isName = yaml.endsWith(".yaml") || yaml.endsWith(".yml") || yaml.endsWith(".json");
    if (isName && !yaml.contains("\n")) {
      throw new IllegalArgumentException(
          "fixtures: \"" + yaml + "\" is the name of a file; use Path.of(\"" + yaml + "\")");
    }
    return yaml;
  }

  /**
   * Returns the content of a file.
   *
   * @throws IllegalArgumentException if there is no such file
   */
  public static String of(Path file) {
    if (Files.isDirectory(file)) {
      throw new IllegalArgumentException(
          "fixtures: "
              + file.toAbsolutePath()
              + " is a folder; the fixtures of a realm are one file. A folder can be given to"
              + " SmartpayMock.builder(), whose realms begin with its fixtures.");
    }
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "fixtures: cannot read " + file.toAbsolutePath() + ": " + e, e);
    }
  }
}
