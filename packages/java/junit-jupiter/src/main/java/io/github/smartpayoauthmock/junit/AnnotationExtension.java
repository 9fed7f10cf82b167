package io.github.smartpayoauthmock.junit;

import io.github.smartpayoauthmock.SmartpayMock;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.junit.platform.commons.support.AnnotationSupport;

/** What {@link SmartpayMockTest} does. It has no state of its own: that is in JUnit's stores. */
final class AnnotationExtension
    implements ParameterResolver,
        AfterTestExecutionCallback,
        TestExecutionExceptionHandler,
        LifecycleMethodExecutionExceptionHandler {

  private static final Namespace NAMESPACE = Namespace.create(AnnotationExtension.class);

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == SmartpayMock.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    if (!(parameter.getDeclaringExecutable() instanceof Method)) {
      throw new ParameterResolutionException(
          "a constructor has no test yet; take the SmartpayMock as a parameter of a method");
    }
    return store(context)
        .getOrComputeIfAbsent(key(context), none -> create(context), TestRealm.class)
        .mock();
  }

  @Override
  public void afterTestExecution(ExtensionContext context) {
    if (context.getExecutionException().isEmpty()) {
      realm(context).ifPresent(TestRealm::verifyExpectations);
    }
  }

  @Override
  public void handleTestExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    throw withWhatTheMockSaw(context, failure);
  }

  @Override
  public void handleBeforeEachMethodExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    throw withWhatTheMockSaw(context, failure);
  }

  @Override
  public void handleAfterEachMethodExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    throw withWhatTheMockSaw(context, failure);
  }

  private static Throwable withWhatTheMockSaw(ExtensionContext context, Throwable failure) {
    realm(context).ifPresent(realm -> realm.addWhatTheMockSaw(failure));
    return failure;
  }

  private static TestRealm create(ExtensionContext context) {
    SmartpayMockTest annotation = annotation(context);
    SmartpayMock server =
        new ServerOptions(annotation.tls(), annotation.clientAuth(), List.of(annotation.args()))
            .server(context);
    return TestRealm.create(server, context, fixtures(annotation, context));
  }

  private static SmartpayMockTest annotation(ExtensionContext context) {
    Optional<SmartpayMockTest> found = Optional.empty();
    for (Optional<ExtensionContext> next = Optional.of(context);
        found.isEmpty() && next.isPresent();
        next = next.get().getParent()) {
      found = AnnotationSupport.findAnnotation(next.get().getElement(), SmartpayMockTest.class);
    }
    return found.orElseThrow();
  }

  private static String fixtures(SmartpayMockTest annotation, ExtensionContext context) {
    String file = annotation.fixturesFile();
    if (file.isEmpty()) {
      if (annotation.fixtures().matches("\\S+\\.(yaml|yml|json)")) {
        throw new ExtensionConfigurationException(
            "fixtures: \"" + annotation.fixtures() + "\" is the name of a file; use fixturesFile");
      }
      return annotation.fixtures();
    }
    if (!annotation.fixtures().isEmpty()) {
      throw new ExtensionConfigurationException("fixtures and fixturesFile: only one can be set");
    }

    Class<?> test = context.getRequiredTestClass();
    try (InputStream content = test.getResourceAsStream(file)) {
      if (content == null) {
        throw new ExtensionConfigurationException(
            "fixturesFile: there is no \"" + file + "\" on the class path of " + test.getName());
      }
      return new String(content.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new ExtensionConfigurationException("fixturesFile: cannot read " + file, e);
    }
  }

  private static Optional<TestRealm> realm(ExtensionContext context) {
    return Optional.ofNullable(store(context).get(key(context), TestRealm.class));
  }

  private static Store store(ExtensionContext context) {
    return context.getStore(NAMESPACE);
  }

  /** A store also finds what its parents have: a test must not find the realm of its class. */
  private static String key(ExtensionContext context) {
    return context.getUniqueId();
  }
}
