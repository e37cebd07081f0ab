package io.github.pgwatchrpc.server;

import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * The lines that an operator pastes where pgwatch runs. They name the file of the key, and hold a command in its place that
 * a shell replaces by what is in it: what a terminal shows ends in logs and in histories.
 *
 * @param listen where the receiver listens
 * @param plaintext from where it takes connections without TLS
 * @param authority the CA's file, as text
 * @param key the file of the key; empty if none is needed
 */
record PasteLines(InetSocketAddress listen, Plaintext plaintext, String authority, Optional<Path> key) {

    void print(PrintWriter out) {
        String receiver = Addresses.reachable(listen);
        String quoted = key.map(file -> "$(cat '" + file + "')").orElse("");
        String user = key.map(file -> "pgwatch:" + quoted + "@").orElse("");
        out.println("paste into a shell beside pgwatch (copy the CA's file" + (key.isPresent() ? " and the key's" : "")
                + " there):");
        out.println("  4 and later          --sink=\"grpc://" + user + receiver + "/?sslrootca=" + authority + "\"");
        out.println("  3.6, 3.7             --sink=\"rpc://" + receiver + "?sslrootca=" + authority + "\"");
        out.println("  3.0 to 3.7           " + withoutTls(receiver));
        if (key.isPresent()) {
            out.println("  with 3.0 to 3.7, to each source: printf 'custom_tags: {pgwatch_rpc_key: %s}\\n' \"" + quoted
                    + "\"");
        }
    }

    /** A host's own name often leads to an address that is not a loopback one, even from that host. */
    private String withoutTls(String receiver) {
        InetSocketAddress local = Addresses.local(listen);
        if (plaintext == Plaintext.ALWAYS) {
            return "--sink=\"rpc://" + receiver + "\"        without TLS (--plaintext always)";
        } else if (plaintext.allows(local)) {
            return "--sink=\"rpc://" + Addresses.print(local)
                    + "\"        without TLS, from this machine only (--plaintext loopback)";
        }
        return "cannot call without TLS here (--plaintext " + plaintext.name().toLowerCase(Locale.ROOT)
                + (plaintext == Plaintext.LOOPBACK ? ", and --listen is no loopback address)" : ")");
    }
}
