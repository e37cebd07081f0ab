package io.github.pgwatchrpc.interop;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** What this machine allows an attacker to have. */
final class Machine {

    /** Below the 10,000 connections that the receiver takes. */
    private static final int WANTED = 9_800;

    /** Files that are not for an attack. */
    private static final int OTHERS = 300;

    private Machine() {}

    /** How many connections an attacker opens: Java has raised the soft limit to the hard one, here and at the receiver. */
    static int connections() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
                ? (int) Math.min(WANTED, system.getMaxFileDescriptorCount() - OTHERS)
                : WANTED;
    }
}
