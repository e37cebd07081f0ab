package io.github.pgwatchrpc.server;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The lines that an operator pastes where pgwatch runs. They name the file of the key, and hold a command in its place that
 * a shell replaces by what is in it: what a terminal shows ends in logs and in histories.
 *
 * @param receiver {@code HOST:PORT}
 * @param authority the CA's file, as text
 * @param key the file of the key; empty if none is needed
 */
record PasteLines(String receiver, String authority, Optional<Path> key) {

    void print(PrintWriter out, String plaintext) {
        String quoted = key.map(file -> "$(cat '" + file + "')").orElse("");
        String user = key.map(file -> "pgwatch:" + quoted + "@").orElse("");
        out.println("paste into a shell beside pgwatch (copy the CA's file" + (key.isPresent() ? " and the key's" : "")
                + " there):");
        out.println("  4 and later          --sink=\"grpc://" + user + receiver + "/?sslrootca=" + authority + "\"");
        out.println("  3.6, 3.7             --sink=\"rpc://" + receiver + "?sslrootca=" + authority + "\"");
        out.println("  3.0 to 3.7           --sink=\"rpc://" + receiver + "\"        without TLS: --plaintext "
                + plaintext);
        if (key.isPresent()) {
            out.println("  with 3.0 to 3.7, to each source: printf 'custom_tags: {pgwatch_rpc_key: %s}\\n' \"" + quoted
                    + "\"");
        }
    }
}
