package io.github.pgwatchrpc.server;

import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * The lines that an operator pastes where pgwatch runs. They name the file of the key, and hold a command in its place that
 * a shell replaces by what is in it: what a terminal shows ends in logs and in histories. A URI with a key goes to pgwatch by
 * its environment, since its command line is seen by every user of the machine.
 *
 * @param listen where the receiver listens
 * @param plaintext from where it takes connections without TLS
 * @param authority the CA's file, as text
 * @param key the file of the key; empty if none is needed
 */
record PasteLines(InetSocketAddress listen, Plaintext plaintext, String authority, Optional<Path> key) {

    void print(PrintWriter out) {
        String receiver = Addresses.reachable(listen);
        String ca = escaped(authority);
        String user = key.map(file -> "pgwatch:" + contents(file) + "@").orElse("");
        out.println("where pgwatch runs (copy the CA's file" + (key.isPresent() ? " and the key's" : "")
                + " there), in the shell that starts it, without --sink:");
        line(out, "4 and later", "export PW_SINK=\"grpc://" + user + receiver + "/?sslrootca=" + ca + "\"");
        line(out, "3.6, 3.7", "export PW_SINK=\"rpc://" + receiver + "?sslrootca=" + ca + "\"");
        withoutTls(out, receiver);
        key.ifPresent(file -> line(
                out,
                "3.0 to 3.7, for each source, an entry to add below its custom_tags: (one custom_tags: a source; with"
                        + " a second, pgwatch refuses the whole file)",
                "printf '    pgwatch_rpc_key: %s\\n' \"" + contents(file) + "\""));
    }

    /** Whoever takes the whole line for a shell gets nothing else with it. */
    private static void line(PrintWriter out, String who, String command) {
        out.println("  " + who + ":");
        out.println("    " + command);
    }

    /** A host's own name often leads to an address that is not a loopback one, even from that host. */
    private void withoutTls(PrintWriter out, String receiver) {
        InetSocketAddress local = Addresses.local(listen);
        if (plaintext == Plaintext.ALWAYS) {
            line(out, "3.0 to 3.7, without TLS (--plaintext always)", "export PW_SINK=\"rpc://" + receiver + "\"");
        } else if (plaintext.allows(local)) {
            line(
                    out,
                    "3.0 to 3.7, without TLS, from this machine only (--plaintext loopback)",
                    "export PW_SINK=\"rpc://" + Addresses.print(local) + "\"");
        } else {
            out.println("  3.0 to 3.5 cannot call without TLS here (--plaintext "
                    + plaintext.name().toLowerCase(Locale.ROOT)
                    + (plaintext == Plaintext.LOOPBACK ? ", and --listen is no loopback address)" : ")"));
        }
    }

    /** What a shell replaces by what is in the file, also between double quotes. */
    private static String contents(Path file) {
        return "$(cat " + quoted(file.toString()) + ")";
    }

    /** One word for a shell, whatever is in it. */
    static String quoted(String text) {
        return "'" + text.replace("'", "'\\''") + "'";
    }

    /** As the value of a URL's parameter, of characters that mean nothing to a shell either. */
    static String escaped(String text) {
        StringBuilder escaped = new StringBuilder();
        for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
            boolean plain = (each >= 'a' && each <= 'z')
                    || (each >= 'A' && each <= 'Z')
                    || (each >= '0' && each <= '9')
                    || "/-._~".indexOf(each) >= 0;
            escaped.append(plain ? String.valueOf((char) each) : String.format(Locale.ROOT, "%%%02X", each & 0xff));
        }
        return escaped.toString();
    }
}
