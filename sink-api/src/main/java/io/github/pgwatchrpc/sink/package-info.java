/**
 * The whole contract between the receiver and a sink, for those who write one and for those who call one. This room
 * depends on the measurement model alone; every sink depends on it, and the delivery calls sinks through it.
 *
 * <h2>What to write</h2>
 *
 * <p>A {@link io.github.pgwatchrpc.sink.SinkProvider} and a {@link io.github.pgwatchrpc.sink.Sink}. The provider is
 * found by {@link java.util.ServiceLoader}, so its class name stands in {@code
 * META-INF/services/io.github.pgwatchrpc.sink.SinkProvider} of the jar. It names the schemes of its URIs ({@code
 * jsonfile}, say), its {@linkplain io.github.pgwatchrpc.sink.SinkOption options}, its {@linkplain
 * io.github.pgwatchrpc.sink.Limits limits} and its {@linkplain io.github.pgwatchrpc.sink.Capability capabilities}, from
 * which help texts are made, and it builds sinks:
 *
 * <pre>{@code
 * public final class PrintSinkProvider implements SinkProvider {
 *     private static final SinkOption<Boolean> BRIEF =
 *             SinkOption.flag("brief", "print the number of rows only").defaultsTo("false");
 *
 *     public Set<String> schemes() { return Set.of("print"); }
 *     public String description() { return "prints rows"; }
 *     public List<SinkOption<?>> options() { return List.of(BRIEF); }
 *
 *     public Sink create(SinkConfig config) {
 *         boolean brief = config.get(BRIEF);
 *         config.check();
 *         return batch -> {
 *             System.out.println(brief ? batch.size() : batch.rows());
 *             return Outcome.written();
 *         };
 *     }
 * }
 * }</pre>
 *
 * <h2>The life of a sink</h2>
 *
 * <ol>
 *   <li>{@link io.github.pgwatchrpc.sink.SinkProvider#create create} reads the configuration and reports <b>everything</b>
 *       that is wrong with it at once. It touches no network.
 *   <li>{@link io.github.pgwatchrpc.sink.Sink#open open} connects and looks whether the target is there and would take
 *       rows, without writing any. It is called before the first write, and again from time to time while the answer is
 *       not {@link io.github.pgwatchrpc.sink.Readiness.Ready} and after a write that was {@link
 *       io.github.pgwatchrpc.sink.Outcome.Paused}.
 *   <li>{@link io.github.pgwatchrpc.sink.Sink#write write} gets a {@link io.github.pgwatchrpc.sink.Batch} of rows and
 *       <b>blocks</b> until the target has them or has said no. It runs on a thread of the delivery and may take its time:
 *       nobody but this sink waits. Unless the provider's limits allow more, there is one write at a time.
 *   <li>{@link io.github.pgwatchrpc.sink.Sink#close close} gives everything back.
 * </ol>
 *
 * <h2>What came of a write</h2>
 *
 * <table>
 *   <caption>Outcomes, and what the delivery does</caption>
 *   <tr><th>{@link io.github.pgwatchrpc.sink.Outcome}</th><th>when</th><th>what follows</th></tr>
 *   <tr><td>Written</td><td>the target has all rows, as safely as it keeps anything</td><td>they are done</td></tr>
 *   <tr><td>Partly</td><td>some rows were refused, or are to be tried again</td>
 *       <td>the refused become dead letters with their reason, the others are tried again, the rest is done</td></tr>
 *   <tr><td>Retry</td><td>the target is away, slow or busy (503, 429, time-out, disk full)</td>
 *       <td>the same rows come again, not before the time given, without end</td></tr>
 *   <tr><td>Paused</td><td>a person must mend something (wrong password, missing index)</td>
 *       <td>it is shown; {@code open} is tried until it is ready; no row is lost meanwhile</td></tr>
 *   <tr><td>Refused</td><td>the target will never take this batch as it is (400, 413)</td>
 *       <td>it is halved and tried again, so that what is too large goes through and of bad rows only the bad ones
 *       become dead letters; a single row becomes one at once</td></tr>
 *   <tr><td>an exception</td><td>{@link java.io.IOException} or a bug</td><td>as Retry</td></tr>
 * </table>
 *
 * <p>So a sink neither retries, nor waits, nor counts, nor logs failures: it says what happened. It answers
 * {@code Written} only for what is safe, because nobody has the rows after that.
 *
 * <h2>Rows twice</h2>
 *
 * <p>Delivery is at least once: after a crash or a time-out, rows that did arrive may come again. {@link
 * io.github.pgwatchrpc.sink.Batch#id Each row has an id} that stays the same then; a sink whose target can keep one copy
 * per id declares {@link io.github.pgwatchrpc.sink.Capability#IDEMPOTENT}. Rows of one database and metric come in order
 * to a sink that declares {@link io.github.pgwatchrpc.sink.Capability#ORDERED}.
 */
@NullMarked
package io.github.pgwatchrpc.sink;

import org.jspecify.annotations.NullMarked;
