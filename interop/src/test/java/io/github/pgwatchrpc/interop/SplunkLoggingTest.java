package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.pgwatchrpc.sink.splunk.HecStub;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opentest4j.TestAbortedException;

/**
 * Splunk's own client for Node.js calls the stub that stands for Splunk in the sink's tests: what the one sends, the other
 * must take, and what the other answers, the one must understand. Where there is no npm, it is skipped, or fails with {@code
 * -Dinterop.required=true}.
 */
@Tag("process")
class SplunkLoggingTest {

    private static final Path SOURCE = Path.of("npm-splunk");

    @Test
    void theStubIsWhatSplunksClientExpects(@TempDir Path directory) throws Exception {
        for (String name : List.of("package.json", "package-lock.json", "send.js")) {
            Files.copy(SOURCE.resolve(name), directory.resolve(name));
        }
        run(directory, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund");
        try (HecStub stub = HecStub.start()) {
            stub.allows("main", "allowed");
            List<JsonNode> told = new ArrayList<>();
            for (String line : run(directory, "node", "send.js", stub.uri().toString(), HecStub.TOKEN)
                    .lines()
                    .toList()) {
                told.add(new ObjectMapper().readTree(line));
            }
            assertEquals(3, told.size(), told::toString);
            assertEquals(200, told.get(0).get("status").intValue());
            assertEquals(0, told.get(0).at("/body/code").intValue());
            assertEquals("Success", told.get(0).at("/body/text").textValue());
            assertEquals(403, told.get(1).get("status").intValue());
            assertEquals(4, told.get(1).at("/complaint/code").intValue());
            assertEquals(400, told.get(2).get("status").intValue());
            assertEquals(7, told.get(2).at("/complaint/code").intValue());
            assertEquals("Incorrect index", told.get(2).at("/complaint/message").textValue());

            List<? extends JsonNode> events = stub.events();
            assertEquals(3, events.size(), events::toString);
            assertEquals(1, events.get(0).at("/event/message/n").intValue());
            assertEquals("grün", events.get(0).at("/event/message/text").textValue());
            assertEquals("db", events.get(0).get("host").textValue());
            assertEquals("1795367430.500", events.get(0).get("time").asText());
            assertEquals("allowed", events.get(1).get("index").textValue());
        }
    }

    private static String run(Path directory, String... command) throws IOException, InterruptedException {
        Path out = Files.createTempFile(directory, "out", ".txt");
        Process process;
        try {
            process = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectOutput(out.toFile())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
        } catch (IOException e) {
            if (Boolean.getBoolean("interop.required")) {
                throw new AssertionError("npm is required (interop.required) and cannot be run: " + e, e);
            }
            throw new TestAbortedException(
                    "skipped: npm cannot be run (" + e.getMessage() + "); install Node.js with npm to test against it");
        }
        assertTrue(process.waitFor(3, TimeUnit.MINUTES), () -> "still running: " + List.of(command));
        String output = Files.readString(out);
        assertEquals(0, process.exitValue(), () -> List.of(command) + ": " + output);
        return output;
    }
}
