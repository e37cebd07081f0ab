package io.github.pgwatchrpc.sink.pubsub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SinkConfigException;
import io.github.pgwatchrpc.sink.Sinks;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PubSubSinkProviderTest {

    private static Sink create(String uri, Map<String, String> environment) {
        return new Sinks(List.of(new PubSubSinkProvider(environment))).create(uri, Map.of());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "pubsub://project/topic",
                "pubsub://example.com:my-project/topic",
                "pubsub://my-project-123/a.b_c~d+e-f",
                "pubsub://p/abc?message=envelope&ordering-key=metric&compression=message&batch-bytes=10000000",
                "pubsub://p/abc?endpoint=europe-west1-pubsub.googleapis.com:443&tag-attributes=a,b",
                "pubsub://p/abc?emulator=[::1]:8085"
            })
    void theseAreGood(String uri) {
        create(uri, Map.of()).close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "pubsub:project/topic",
                "pubsub://project",
                "pubsub://project/topic/more",
                "pubsub:///topic",
                "pubsub://PROJECT/topic",
                "pubsub://project/ab",
                "pubsub://project/googtopic",
                "pubsub://project/1topic",
                "pubsub://p/abc?batch-bytes=10000001",
                "pubsub://p/abc?batch-messages=1001",
                "pubsub://p/abc?emulator=host",
                "pubsub://p/abc?emulator=host:65536",
                "pubsub://p/abc?emulator=host:1&endpoint=host:2",
                "pubsub://p/abc?schema=x",
                "pubsub://p/abc?schema=rows&compression=message",
                "pubsub://p/abc?tag-attributes=",
                "pubsub://p/abc?tag-attributes=googles",
                "pubsub://p/abc?tag-attributes=database",
                "pubsub://p/abc?tag-attributes=env&message=envelope"
            })
    void theseAreNot(String uri) {
        SinkConfigException error = assertThrows(SinkConfigException.class, () -> create(uri, Map.of()));
        assertEquals(1, error.problems().size(), error::toString);
        assertTrue(error.problems().get(0).contains("(expected: "), error::toString);
    }

    @Test
    void theEnvironmentNamesAnEmulator() throws Exception {
        try (FakePubSub fake = FakePubSub.start()) {
            fake.createTopic("projects/p/topics/abc");
            try (Sink sink = create("pubsub://p/abc", Map.of("PUBSUB_EMULATOR_HOST", fake.address()))) {
                assertEquals(Readiness.ready(), sink.open());
            }
        }
        SinkConfigException error = assertThrows(
                SinkConfigException.class, () -> create("pubsub://p/abc", Map.of("PUBSUB_EMULATOR_HOST", "nowhere")));
        assertEquals(
                List.of("variable PUBSUB_EMULATOR_HOST of sink pubsub: \"nowhere\" (expected: HOST:PORT)"),
                error.problems());
    }

    @Test
    void missingCredentialsPause() {
        Outcome.Paused paused = Failure.credentials(new IOException("Your default credentials\nwere not found."));
        assertEquals("credentials of Google Cloud: Your default credentials were not found.", paused.why());
        assertTrue(paused.mend().contains("GOOGLE_APPLICATION_CREDENTIALS"), paused::mend);
    }

    /** A program that does not use the sink is not to pay for it, so what it touches works where Google's jars are not. */
    @Test
    void noneOfGooglesClassesAreLoadedBeforeTheSinkIsOpened() throws Exception {
        URL[] ours = Stream.of(
                        PubSubSinkProvider.class,
                        Sink.class,
                        Batch.class,
                        Class.forName("io.github.pgwatchrpc.measurement.Measurement"))
                .map(each -> each.getProtectionDomain().getCodeSource().getLocation())
                .distinct()
                .toArray(URL[]::new);
        try (URLClassLoader alone = new URLClassLoader(ours, ClassLoader.getPlatformClassLoader())) {
            Class<?> sinks = alone.loadClass(Sinks.class.getName());
            Object found = sinks.getMethod("load", ClassLoader.class).invoke(null, alone);
            assertEquals(List.of(), sinks.getMethod("problems").invoke(found));
            Object sink = sinks.getMethod("create", String.class, Map.class)
                    .invoke(found, "pubsub://my-project/pgwatch?schema=rows", Map.of());
            Class<?> type = alone.loadClass(Sink.class.getName());
            assertEquals(2, ((List<?>) type.getMethod("plan").invoke(sink)).size());
            InvocationTargetException error = assertThrows(
                    InvocationTargetException.class,
                    () -> type.getMethod("open").invoke(sink));
            assertTrue(error.getCause() instanceof NoClassDefFoundError, error::toString);
            type.getMethod("close").invoke(sink);
        }
    }
}
