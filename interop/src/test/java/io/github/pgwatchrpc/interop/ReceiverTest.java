package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Go calls the packaged receiver as each pgwatch 3 does. */
@Tag("process")
@ExtendWith(GoPrograms.Resolver.class)
class ReceiverTest {

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    static Stream<Arguments> shapesAndTransports() {
        return Stream.of("v3.0", "v3.4", "v3.5", "v3.6", "v3.7")
                .flatMap(shape -> Stream.of("http", "raw").map(transport -> Arguments.of(shape, transport)));
    }

    @ParameterizedTest
    @MethodSource("shapesAndTransports")
    void storesWhatGoSent(String shape, String transport, GoPrograms go) throws Exception {
        // enough rows for all values that a column runs through
        Map<String, Object> summary = play(go, "normal", "-shape", shape, "-transport", transport, "-calls", "6");
        assertEquals(summary.get("rows_sent"), summary.get("rows_ok"));
        assertEquals(61, Json.integer(summary.get("rows_ok")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"v3.0", "v3.4", "v3.7"})
    void aHeaderWithoutBodyCostsNothingElse(String shape, GoPrograms go) throws Exception {
        Map<String, Object> summary = play(go, "orphan", "-shape", shape, "-calls", "5", "-connections", "2");
        assertTrue(Json.integer(summary.get("orphans")) > 0, () -> summary.toString());
    }

    @ParameterizedTest
    @MethodSource("shapesAndTransports")
    void refusesInGosWords(String shape, String transport, GoPrograms go) throws Exception {
        Map<String, Object> summary = play(go, "errors", "-shape", shape, "-transport", transport, "-rows", "2");
        Map<String, Object> errors = Json.map(summary.get("errors"));
        assertTrue(errors.containsKey("rpc: can't find service Foo.Bar"), () -> errors.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"http", "raw"})
    void manyCallsInFlight(String transport, GoPrograms go) throws Exception {
        play(go, "parallel", "-transport", transport, "-calls", "300", "-connections", "4");
    }

    @Test
    void anOversizeEnvelopeCostsOneCall(GoPrograms go) throws Exception {
        Map<String, Object> summary =
                play(go, "oversize", "-size", "80000000", "-calls", "5", "-expect", "oversize=~expected: <= ");
        assertEquals(2, Json.integer(summary.get("calls_failed")));
    }

    /** Plays a scenario and holds what was stored against what was sent, row for row. */
    private Map<String, Object> play(GoPrograms go, String scenario, String... more) throws Exception {
        try (ServerProcess server = ServerProcess.start(directory)) {
            Path file = directory.resolve("sent.jsonl");
            List<String> arguments = new ArrayList<>(
                    List.of("-addr", server.address(), "-scenario", scenario, "-sent", file.toString()));
            arguments.addAll(List.of(more));
            Map<String, Object> summary = go.run(directory, "pgwatch", arguments.toArray(String[]::new))
                    .mustSucceed()
                    .summary();
            assertEquals(List.of(), summary.get("failures"));
            List<String> lines = server.lines();
            Rows.assertStored(Rows.sent(file), lines);
            long rows = lines.stream()
                    .mapToLong(line -> Json.list(Json.object(line).get("data")).size())
                    .sum();
            assertEquals(Json.integer(summary.get("rows_ok")), rows);
            server.terminate();
            return summary;
        }
    }
}
