package io.github.pgwatchrpc.sink.cloudwatch;

import io.github.pgwatchrpc.sink.Outcome;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.awscore.client.builder.AwsSyncClientBuilder;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.profiles.ProfileFile;
import software.amazon.awssdk.profiles.ProfileFileSupplier;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.auth.StsAssumeRoleCredentialsProvider;
import software.amazon.awssdk.services.sts.auth.StsWebIdentityTokenFileCredentialsProvider;
import software.amazon.awssdk.utils.SdkAutoCloseable;

/**
 * Calls one service of AWS. The client is made at the first call. It tries once: what failed comes again by the delivery, and
 * tries that multiply would only make a busy service busier. Thread-safe.
 *
 * @param <C> the service's client
 */
final class Aws<C extends SdkAutoCloseable> {

    /** Makes a service's client of what all clients have in common. */
    interface Maker<C> {
        C make(Aws<?> common);
    }

    private final AwsAccess access;
    private final Maker<C> maker;
    private final Failures failures;
    private final Object lock = new Object();
    private final List<AutoCloseable> open = new ArrayList<>();

    /** A call runs on a thread of its own, since the JDK's HTTP connections do not hear when theirs is interrupted. */
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "cloudwatch");
        thread.setDaemon(true);
        return thread;
    });

    private @Nullable C client;

    /** AWS, or whoever hands out credentials, has turned the client away. */
    private boolean turnedAway;

    Aws(AwsAccess access, Clock clock, Maker<C> maker) {
        this.access = access;
        this.maker = maker;
        this.failures = new Failures(clock);
    }

    /**
     * Makes a call.
     *
     * @param what names it in reasons
     * @throws CallFailed with what it means
     * @throws InterruptedException if the thread was interrupted; what came of the call is not known then
     */
    <T> T call(String what, Function<C, T> call) throws CallFailed, InterruptedException {
        Future<T> answer;
        try {
            answer = threads.submit(() -> call.apply(client()));
        } catch (RejectedExecutionException e) {
            throw new CallFailed(Outcome.retry(what + ": closed"));
        }
        try {
            return answer.get(access.timeout().toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            Outcome outcome = failures.of(what, cause);
            // of a wrong clock the client has learned from the answer, and would have to learn it again
            if (outcome instanceof Outcome.Paused && !failures.isAboutTheClock(cause)) {
                synchronized (lock) {
                    turnedAway = true;
                }
            }
            throw new CallFailed(outcome);
        } catch (TimeoutException e) {
            throw new CallFailed(Outcome.retry(
                    what + ": no answer within " + access.timeout().toMillis() + " ms"));
        } finally {
            // it may still be under way
            answer.cancel(true);
        }
    }

    /**
     * Before a sink is opened. A client that was turned away is given up, with the credentials that it remembers: those that
     * were revoked would be used up to the end of their time.
     */
    void renew() {
        synchronized (lock) {
            if (turnedAway) {
                closeAll();
                turnedAway = false;
            }
        }
    }

    private C client() {
        synchronized (lock) {
            C is = client;
            if (is == null) {
                try {
                    is = maker.make(this);
                    keep(is);
                } catch (RuntimeException e) {
                    closeAll();
                    throw e;
                }
                client = is;
            }
            return is;
        }
    }

    /** Gives a builder what all clients have in common, and builds. */
    <B extends AwsClientBuilder<B, S> & AwsSyncClientBuilder<B, S>, S> S build(B builder) {
        builder.credentialsProvider(credentials());
        if (access.endpoint() != null) {
            builder.endpointOverride(access.endpoint());
        }
        return plain(builder);
    }

    private <B extends AwsClientBuilder<B, S> & AwsSyncClientBuilder<B, S>, S> S plain(B builder) {
        SdkHttpClient http = UrlConnectionHttpClient.builder()
                .connectionTimeout(access.timeout())
                .socketTimeout(access.timeout())
                .build();
        keep(http);
        builder.region(Region.of(access.region()))
                .httpClient(http)
                .overrideConfiguration(each ->
                        each.retryStrategy(AwsRetryStrategy.doNotRetry()).apiCallTimeout(access.timeout()));
        if (access.fips()) {
            builder.fipsEnabled(true);
        }
        if (access.dualStack()) {
            builder.dualstackEnabled(true);
        }
        return builder.build();
    }

    // ---- who calls ----

    private AwsCredentialsProvider credentials() {
        String role = access.roleArn();
        if (role == null) {
            return found();
        } else if (access.webIdentityTokenFile() != null) {
            var web = StsWebIdentityTokenFileCredentialsProvider.builder()
                    .stsClient(sts(AnonymousCredentialsProvider.create()))
                    .roleArn(role)
                    .roleSessionName(access.sessionName())
                    .webIdentityTokenFile(access.webIdentityTokenFile())
                    .build();
            keep(web);
            return web;
        }
        var assumed = StsAssumeRoleCredentialsProvider.builder()
                .stsClient(sts(found()))
                .refreshRequest(request -> request.roleArn(role)
                        .roleSessionName(access.sessionName())
                        .externalId(access.externalId()))
                .build();
        keep(assumed);
        return assumed;
    }

    private AwsCredentialsProvider found() {
        ProfileFileSupplier file = access.credentialsFile() == null
                ? ProfileFileSupplier.defaultSupplier()
                : ProfileFileSupplier.reloadWhenModified(access.credentialsFile(), ProfileFile.Type.CREDENTIALS);
        if (access.profile() == null && access.credentialsFile() == null) {
            DefaultCredentialsProvider chain =
                    DefaultCredentialsProvider.builder().build();
            keep(chain);
            return chain;
        }
        ProfileCredentialsProvider.Builder profile =
                ProfileCredentialsProvider.builder().profileFile(file);
        if (access.profile() != null) {
            profile.profileName(access.profile());
        }
        ProfileCredentialsProvider ofProfile = profile.build();
        keep(ofProfile);
        return ofProfile;
    }

    private StsClient sts(AwsCredentialsProvider credentials) {
        var builder = StsClient.builder();
        builder.credentialsProvider(credentials);
        if (access.stsEndpoint() != null) {
            builder.endpointOverride(access.stsEndpoint());
        }
        StsClient sts = plain(builder);
        keep(sts);
        return sts;
    }

    // ---- the end ----

    private void keep(AutoCloseable made) {
        synchronized (lock) {
            open.add(made);
        }
    }

    void close() {
        threads.shutdownNow();
        closeAll();
    }

    private void closeAll() {
        synchronized (lock) {
            client = null;
            for (int i = open.size() - 1; i >= 0; i--) {
                try {
                    open.get(i).close();
                } catch (Exception e) {
                    // it is given back, which is all that is wanted
                }
            }
            open.clear();
        }
    }

    /** Names region and endpoint; no credentials are known here. */
    @Override
    public String toString() {
        return access.region() + (access.endpoint() == null ? "" : " at " + access.endpoint());
    }
}
