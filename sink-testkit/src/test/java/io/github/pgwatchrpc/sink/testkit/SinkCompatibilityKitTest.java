package io.github.pgwatchrpc.sink.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import io.github.pgwatchrpc.sink.SinkProvider;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/** The kit lets good sinks pass, and sees what is wrong with others. */
class SinkCompatibilityKitTest {

    private static final String FLAW = "kit.flaw";

    private static TestExecutionSummary run(Flaw flaw, DiscoverySelector selector) {
        SummaryGeneratingListener listener = new SummaryGeneratingListener();
        LauncherFactory.create()
                .execute(
                        LauncherDiscoveryRequestBuilder.request()
                                .selectors(selector)
                                .configurationParameter(FLAW, flaw.name())
                                .build(),
                        listener);
        return listener.getSummary();
    }

    private static String failures(TestExecutionSummary summary) {
        return summary.getFailures().stream()
                .map(each -> each.getTestIdentifier().getDisplayName() + ": " + each.getException())
                .collect(Collectors.joining("\n"));
    }

    @ParameterizedTest
    @EnumSource(names = {"NONE", "PLAIN"})
    void aGoodSinkPasses(Flaw none) {
        TestExecutionSummary summary = run(none, selectClass(MemorySinkCases.class));
        assertEquals("", failures(summary));
        assertEquals(tests().size(), summary.getTestsSucceededCount());
    }

    @ParameterizedTest
    @EnumSource(
            names = {"NONE", "PLAIN"},
            mode = EnumSource.Mode.EXCLUDE)
    void aWrongSinkIsSeen(Flaw flaw) {
        TestExecutionSummary summary = run(flaw, selectMethod(MemorySinkCases.class, flaw.test()));
        assertEquals(1, summary.getTestsFoundCount());
        assertEquals(1, summary.getTestsFailedCount(), "tests that fail");
        Throwable failure = summary.getFailures().get(0).getException();
        String message = String.valueOf(failure);
        // whoever reads it must know what was found and what was to be
        assertTrue(failure instanceof AssertionError && message.contains("expected"), message);
        assertTrue(!message.contains("s3cr3t"), message);
    }

    @Test
    void eachTestHasASinkThatFailsIt() {
        Set<String> seen = Arrays.stream(Flaw.values()).map(Flaw::test).collect(Collectors.toCollection(TreeSet::new));
        seen.remove("");
        assertEquals(tests(), seen);
    }

    private static Set<String> tests() {
        return Arrays.stream(SinkCompatibilityTest.class.getDeclaredMethods())
                .filter(method -> method.isAnnotationPresent(Test.class))
                .map(method -> method.getName())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Hands the flaw of the run to the kit's test. */
    static final class Flaws implements ParameterResolver {
        @Override
        public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
            return parameter.getParameter().getType() == Flaw.class;
        }

        @Override
        public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
            return Flaw.valueOf(context.getConfigurationParameter(FLAW).orElseThrow());
        }
    }

    /** Run by the tests above; surefire does not take it for a test of its own. */
    @ExtendWith(Flaws.class)
    static final class MemorySinkCases extends SinkCompatibilityTest {
        private final Flaw flaw;
        private final MemoryBackend backend = new MemoryBackend();

        MemorySinkCases(Flaw flaw) {
            this.flaw = flaw;
        }

        @Override
        protected SinkProvider provider() {
            return MemorySinkProvider.of(backend, flaw);
        }

        @Override
        protected String uri() {
            return "memory:here" + (flaw == Flaw.TELLS_THE_TOKEN ? "?token=s3cr3t" : "");
        }

        @Override
        protected List<Arrived> arrived() {
            return backend.all();
        }

        @Override
        protected Set<Fault> faults() {
            return flaw == Flaw.PLAIN_UNBREAKABLE
                    ? Set.of()
                    : flaw.isPlain() ? Set.of(Fault.AWAY) : Set.of(Fault.values());
        }

        @Override
        protected void inflict(Fault fault) {
            backend.set(fault, true);
        }

        @Override
        protected void mend(Fault fault) {
            backend.set(fault, false);
        }

        @Override
        protected Duration patience() {
            return flaw == Flaw.NONE || flaw == Flaw.PLAIN ? super.patience() : Duration.ofSeconds(1);
        }
    }
}
