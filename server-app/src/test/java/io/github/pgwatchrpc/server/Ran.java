package io.github.pgwatchrpc.server;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** What a command did: its exit code, and what it printed. */
record Ran(int code, String out, String err) {

    static Ran command(String... args) {
        return command(Map.of(), args);
    }

    static Ran command(Map<String, String> environment, String... args) {
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream outBytes = new ByteArrayOutputStream();
        ByteArrayOutputStream errBytes = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(outBytes, true, StandardCharsets.UTF_8));
            System.setErr(new PrintStream(errBytes, true, StandardCharsets.UTF_8));
            int code = Main.run(args, environment);
            System.out.flush();
            System.err.flush();
            return new Ran(code, outBytes.toString(StandardCharsets.UTF_8), errBytes.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
    }

    /** What was told on stderr, without the lines of the log, which begin with the time. */
    List<String> errLines() {
        return err.lines()
                .filter(line -> !line.matches("\\d{4}-\\d\\d-\\d\\dT.*"))
                .toList();
    }
}
