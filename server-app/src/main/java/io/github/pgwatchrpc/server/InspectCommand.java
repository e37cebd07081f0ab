package io.github.pgwatchrpc.server;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.pgwatchrpc.measurement.KeyText;
import io.github.pgwatchrpc.rpc.gob.GobLimits;
import io.github.pgwatchrpc.rpc.netrpc.CallRecording;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.zip.GZIPInputStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "inspect",
        description =
                "Decodes the recorded bytes of a client (net/rpc with or without CONNECT, gob; gzip or not) to one"
                        + " JSON line a call. Calls that lost their argument and what could not be decoded are told on"
                        + " stderr.")
final class InspectCommand implements Callable<Integer> {

    @Parameters(paramLabel = "FILE", description = "the recorded bytes, client to server; - for standard input")
    private String file = "";

    @Option(names = "--types", description = "show the Go type of each value")
    private boolean types;

    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway") // picocli sets the specification
    InspectCommand() {}

    @Override
    public Integer call() throws ConfigException {
        PrintWriter err = spec.commandLine().getErr();
        OutputStream out = new BufferedOutputStream(System.out, 64 << 10);
        try (InputStream in = open()) {
            try {
                CallRecording.read(in, GobLimits.DEFAULT, new InspectDecoder(types), new Printer(out, err));
            } finally {
                out.flush();
            }
            return ExitCode.FINE;
        } catch (IOException | UncheckedIOException e) {
            err.println("pgwatch-rpc: " + file + ": " + e.getMessage());
            err.println(
                    "  what was decoded before stands above; a recording holds the bytes of one connection, client to"
                            + " server");
            return ExitCode.FAILED;
        }
    }

    private InputStream open() throws IOException, ConfigException {
        BufferedInputStream in;
        if (file.equals("-")) {
            in = new BufferedInputStream(System.in);
        } else {
            Path path = Path.of(file);
            if (!Files.exists(path) || Files.isDirectory(path)) {
                throw new ConfigException(
                        file + (Files.exists(path) ? ": a directory (expected: a file)" : ": no such file"),
                        "give the path of a file of recorded bytes");
            }
            in = new BufferedInputStream(Files.newInputStream(path));
        }
        in.mark(2);
        boolean gzip = in.read() == 0x1f && in.read() == 0x8b;
        in.reset();
        return gzip ? new GZIPInputStream(in, 64 << 10) : in;
    }

    private static final class Printer implements CallRecording.Visitor<JsonNode> {
        private final ObjectMapper json = new ObjectMapper();
        private final OutputStream out;
        private final PrintWriter err;

        Printer(OutputStream out, PrintWriter err) {
            this.out = out;
            this.err = err;
            json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
        }

        @Override
        public void call(long seq, String method, JsonNode argument, long bytes) {
            ObjectNode line = json.createObjectNode();
            line.set("args", argument);
            line.put("bytes", bytes).put("method", method).put("seq", seq);
            try {
                // no character of a key is another one in JSON
                out.write(KeyText.mask(json.writeValueAsString(line)).getBytes(StandardCharsets.UTF_8));
                out.write('\n');
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void refused(long seq, String method, String reason) {
            err.println("seq " + seq + " " + method + ": " + reason);
        }

        @Override
        public void headerWithoutBody(String method) {
            err.println("a header of " + method + " without its argument, which the client could not encode");
        }

        @Override
        public void badTypeDefinition(String reason) {
            err.println("type definition: " + reason);
        }
    }
}
