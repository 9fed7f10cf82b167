package tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.smartpayoauthmock.SmartpayMock;
import io.github.smartpayoauthmock.junit.SmartpayMockTest;
import java.io.File;
import java.nio.file.Path;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The installed artifacts. */
class PackageTest {
  private static Path jar(Class<?> type) throws Exception {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
  }

  @Test
  void theTestsRunWithTheArtifactsAndNotWithTheirSource() throws Exception {
    assertThat(jar(SmartpayMock.class).toString()).endsWith(".jar");
    assertThat(jar(SmartpayMockTest.class).toString()).endsWith(".jar");
  }

  @Test
  void jarsHaveTheLicensesAndAModuleName() throws Exception {
    for (Class<?> type : new Class<?>[] {SmartpayMock.class, SmartpayMockTest.class}) {
      try (JarFile jar = new JarFile(jar(type).toFile())) {
        assertThat(jar.getEntry("META-INF/LICENSE-MIT")).isNotNull();
        assertThat(jar.getEntry("META-INF/LICENSE-APACHE")).isNotNull();
        assertThat(jar.getManifest().getMainAttributes().getValue("Automatic-Module-Name"))
            .isEqualTo(type.getPackageName());
      }
    }
  }

  @Test
  void theClientNeedsNothingButTheJsonLibrary() {
    assertThat(Stream.of(System.getProperty("java.class.path").split(File.pathSeparator)))
        .map(path -> Path.of(path).getFileName().toString())
        .filteredOn(name -> name.startsWith("smartpay") || name.startsWith("nanojson"))
        .anyMatch(name -> name.startsWith("smartpay-oauth-mock-binary-"))
        .anyMatch(name -> name.startsWith("nanojson-"))
        .hasSize(4);
  }
}
