// Command pstest is Google's in-memory Pub/Sub with one topic and an unordered subscription. It prints its address and takes
// messages until its standard input ends, then receives all of them with Google's own client and prints each as a line of
// JSON. A line "delete" on standard input deletes the topic.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/v2/pstest"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

const subscription = "everything"

type options struct {
	project, topic, listen, taken string
	refuseEvery                   int
	patience                      time.Duration
}

// A message as it is printed.
type message struct {
	ID          string            `json:"message_id"`
	Attributes  map[string]string `json:"attributes"`
	OrderingKey string            `json:"ordering_key"`
	Data        string            `json:"data"`
}

func main() {
	var o options
	flag.StringVar(&o.project, "project", "interop", "the project")
	flag.StringVar(&o.topic, "topic", "pgwatch", "the topic")
	flag.StringVar(&o.listen, "listen", "127.0.0.1:0", "host:port to listen on")
	flag.StringVar(&o.taken, "taken", "", "append each message to this file when it has been taken, before the answer")
	flag.IntVar(&o.refuseEvery, "refuse-every", 0, "refuse each publish whose number is a multiple of this (0: none)")
	flag.DurationVar(&o.patience, "patience", 3*time.Minute, "how long receiving may take")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(o options) error {
	server := pstest.NewServer()
	defer server.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	client, err := pubsub.NewClient(ctx, o.project,
		option.WithEndpoint(server.Addr),
		option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())))
	if err != nil {
		return err
	}
	defer client.Close()
	topicName := "projects/" + o.project + "/topics/" + o.topic
	if _, err := client.TopicAdminClient.CreateTopic(ctx, &pubsubpb.Topic{Name: topicName}); err != nil {
		return err
	}
	subscriptionName := "projects/" + o.project + "/subscriptions/" + subscription
	wanted := &pubsubpb.Subscription{Name: subscriptionName, Topic: topicName, AckDeadlineSeconds: 60}
	if _, err := client.SubscriptionAdminClient.CreateSubscription(ctx, wanted); err != nil {
		return err
	}
	address, err := serve(o, &server.GServer)
	if err != nil {
		return err
	}
	fmt.Println("listening", address)
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		if input.Text() != "delete" {
			return fmt.Errorf("command: %q (expected: delete)", input.Text())
		}
		if err := client.TopicAdminClient.DeleteTopic(ctx, &pubsubpb.DeleteTopicRequest{Topic: topicName}); err != nil {
			return err
		}
		fmt.Println("deleted")
	}
	if err := input.Err(); err != nil {
		return err
	}
	return receive(ctx, client, len(server.Messages()), o.patience)
}

// serve offers Google's server a second time, at an address of our choice and behind a front that can refuse.
func serve(o options, inner *pstest.GServer) (net.Addr, error) {
	f := &front{refuseEvery: o.refuseEvery, taken: io.Discard}
	if o.taken != "" {
		file, err := os.OpenFile(o.taken, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return nil, err
		}
		f.taken = file
	}
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return nil, err
	}
	server := grpc.NewServer(grpc.UnaryInterceptor(f.intercept))
	pubsubpb.RegisterPublisherServer(server, inner)
	pubsubpb.RegisterSchemaServiceServer(server, inner)
	go func() {
		if err := server.Serve(listener); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}()
	return listener.Addr(), nil
}

// A front sees each call before Google's server and each answer before the caller.
type front struct {
	lock        sync.Mutex
	refuseEvery int
	publishes   int
	taken       io.Writer
}

func (f *front) intercept(ctx context.Context, request any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	publish, ok := request.(*pubsubpb.PublishRequest)
	if !ok {
		return next(ctx, request)
	}
	f.lock.Lock()
	defer f.lock.Unlock()
	f.publishes++
	if f.refuseEvery > 0 && f.publishes%f.refuseEvery == 0 {
		return nil, status.Error(codes.Unavailable, "refused on purpose")
	}
	response, err := next(ctx, request)
	if err != nil {
		return nil, err
	}
	var lines []byte
	for _, m := range publish.Messages {
		line, err := line(message{m.MessageId, m.Attributes, m.OrderingKey, string(m.Data)})
		if err != nil {
			return nil, err
		}
		lines = append(lines, line...)
	}
	if _, err := f.taken.Write(lines); err != nil {
		return nil, err
	}
	return response, nil
}

func line(m message) ([]byte, error) {
	line, err := json.Marshal(m)
	return append(line, '\n'), err
}

// receive prints as many messages as were published.
func receive(ctx context.Context, client *pubsub.Client, count int, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	out := bufio.NewWriter(os.Stdout)
	var lock sync.Mutex
	seen := make(map[string]bool)
	var failed error
	if count > 0 {
		err := client.Subscriber(subscription).Receive(ctx, func(_ context.Context, m *pubsub.Message) {
			lock.Lock()
			defer lock.Unlock()
			m.Ack()
			if seen[m.ID] || failed != nil {
				return // delivered again; published once
			}
			seen[m.ID] = true
			line, err := line(message{m.ID, m.Attributes, m.OrderingKey, string(m.Data)})
			if err == nil {
				_, err = out.Write(line)
			}
			if failed = err; err != nil || len(seen) == count {
				cancel()
			}
		})
		if err != nil {
			return err
		}
	}
	lock.Lock()
	defer lock.Unlock()
	if failed == nil && len(seen) != count {
		failed = fmt.Errorf("messages received: %d (expected: %d)", len(seen), count)
	}
	if failed != nil {
		return failed
	}
	return out.Flush()
}
