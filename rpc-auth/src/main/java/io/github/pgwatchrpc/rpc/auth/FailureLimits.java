package io.github.pgwatchrpc.rpc.auth;

import java.time.Duration;

/**
 * What an address may do wrong. Immutable.
 *
 * @param free so many wrong keys are answered at once (default 5)
 * @param step by how much the answer to each further one waits longer than the one before (default 50 ms)
 * @param longest the longest that an answer waits (default 500 ms: a pgwatch with a wrong key waits with everything else
 *     that it does)
 * @param least how long the answer to any refused call waits (default 1 ms). Until it has gone its connection's next call is
 *     not looked at, so that calls which are refused take turns with those of others
 * @param blocked how long the answer to a wrong key waits while its address is slowed down (default 5 ms)
 * @param most so many, and the address is slowed down: passwords from there are not looked at; keys are (default 25)
 * @param refusal for so long (default 30 s)
 * @param forgetting after so long a wrong key counts no more, one at a time (default 10 s)
 * @param addresses how many addresses are remembered (default 10,000); beyond that those that have been quiet longest are
 *     forgotten. Of IPv6, a network of 64 bits is one address
 */
public record FailureLimits(
        int free,
        Duration step,
        Duration longest,
        Duration least,
        Duration blocked,
        int most,
        Duration refusal,
        Duration forgetting,
        int addresses) {

    /** The defaults named above. */
    public static final FailureLimits DEFAULT = new FailureLimits(
            5,
            Duration.ofMillis(50),
            Duration.ofMillis(500),
            Duration.ofMillis(1),
            Duration.ofMillis(5),
            25,
            Duration.ofSeconds(30),
            Duration.ofSeconds(10),
            10_000);

    /**
     * Nothing is negative, and something is remembered.
     *
     * @param free so many wrong keys are answered at once
     * @param step by how much the answer to each further one waits longer
     * @param longest the longest that an answer waits
     * @param least how long the answer to any refused call waits
     * @param blocked how long the answer to a wrong key waits while its address is slowed down
     * @param most so many, and the address is slowed down
     * @param refusal for so long
     * @param forgetting after so long a wrong key counts no more
     * @param addresses how many addresses are remembered
     */
    public FailureLimits {
        if (free < 0 || most < 1 || addresses < 1) {
            throw new IllegalArgumentException("free: " + free + ", most: " + most + ", addresses: " + addresses
                    + " (expected: >= 0, >= 1, >= 1)");
        }
        if (least.isNegative() || blocked.isNegative()) {
            throw new IllegalArgumentException("least: " + least + ", blocked: " + blocked + " (expected: >= 0)");
        }
        if (step.isNegative() || longest.isNegative() || refusal.isNegative() || forgetting.toNanos() < 1) {
            throw new IllegalArgumentException("step: " + step + ", longest: " + longest + ", refusal: " + refusal
                    + ", forgetting: " + forgetting + " (expected: >= 0, >= 0, >= 0, > 0)");
        }
    }
}
