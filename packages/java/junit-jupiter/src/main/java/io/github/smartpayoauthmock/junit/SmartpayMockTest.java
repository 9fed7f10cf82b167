package io.github.smartpayoauthmock.junit;

import io.github.smartpayoauthmock.ClientAuth;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Gives each test method a mock of its own: a parameter of the type {@link
 * io.github.smartpayoauthmock.SmartpayMock} of the method, and of its {@code @BeforeEach} and
 * {@code @AfterEach} methods.
 *
 * <pre>{@code
 * @SmartpayMockTest
 * class RefreshTest {
 *   @Test
 *   void theClientTriesAgain(SmartpayMock mock) {
 *     mock.inject(Scenario.error("server_error").times(1)).expect(1);
 *     new MyClient(mock.tokenUrl()).refresh();
 *   }
 * }
 * }</pre>
 *
 * <p>The mock is a realm with a port of its own, within a server that all tests with the same
 * options share, so tests can run in parallel. The end of the test judges the expectations of
 * scenarios. A test that fails shows what the mock has received.
 *
 * <p>On a method, the annotation replaces that of the class. A parameter of a {@code @BeforeAll} or
 * {@code @AfterAll} method is a realm for the class, not that of a test.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD, ElementType.ANNOTATION_TYPE})
@ExtendWith(AnnotationExtension.class)
public @interface SmartpayMockTest {
  /**
   * The fixtures, in YAML or JSON. Default: the built-in ones.
   *
   * @return the fixtures
   */
  String fixtures() default "";

  /**
   * A file with the fixtures on the class path: relative to the test class, or from the root if it
   * begins with a slash.
   *
   * @return the name of the resource
   */
  String fixturesFile() default "";

  /**
   * Whether the server serves HTTPS.
   *
   * @return whether the URLs are https
   */
  boolean tls() default false;

  /**
   * Whether the server asks for client certificates. This needs {@link #tls}.
   *
   * @return whether it asks
   */
  ClientAuth clientAuth() default ClientAuth.OFF;

  /**
   * More options of the command line of the server.
   *
   * @return such as {@code {"--journal-size", "100"}}
   */
  String[] args() default {};
}
