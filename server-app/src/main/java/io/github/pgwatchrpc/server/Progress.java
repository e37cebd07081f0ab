package io.github.pgwatchrpc.server;

import java.io.Console;
import java.io.PrintWriter;

/** Shows once a second how it goes: over itself on a terminal, line by line elsewhere. */
final class Progress {

    private final PrintWriter out;
    private final Traffic traffic;
    private final boolean terminal = isTerminal();
    private long calls;
    private long rows;
    private long last = System.nanoTime();
    private final long began = last;

    Progress(PrintWriter out, Traffic traffic) {
        this.out = out;
        this.traffic = traffic;
    }

    /** Up to JDK 21 there is a console only on a terminal; from 22 on there always is one, and it can be asked. */
    @SuppressWarnings("SystemConsoleNull")
    private static boolean isTerminal() {
        Console console = System.console();
        if (console == null || Runtime.version().feature() < 22) {
            return console != null;
        }
        try {
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (ReflectiveOperationException e) {
            return false;
        }
    }

    void show() {
        long now = System.nanoTime();
        double seconds = (now - last) / 1e9;
        String line = String.format("%4.0f s  ", (now - began) / 1e9) + traffic.rates(seconds, calls, rows);
        out.print(terminal ? "\r" + line + "   " : line + System.lineSeparator());
        out.flush();
        calls = traffic.calls();
        rows = traffic.rows();
        last = now;
    }

    void end() {
        if (terminal) {
            out.println();
        }
        out.println("total  " + traffic.rates(traffic.seconds(), 0, 0));
        traffic.errors().forEach((text, count) -> out.println("  " + count + " times: " + text));
        out.flush();
    }
}
