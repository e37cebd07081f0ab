package io.github.pgwatchrpc.interop;

/** Shows in the build's output what a test has counted: that it holds says nothing about how much it has seen. */
final class Figures {

    private Figures() {}

    @SuppressWarnings("SystemOut") // that is its purpose
    static void show(String format, Object... values) {
        System.out.printf("counted: " + format + "%n", values);
    }
}
