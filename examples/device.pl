#!/usr/bin/perl
# A device with the whole loop of resume: perl examples/device.pl ID TOKEN [URL] < fixes.jsonl
#
# Each line of its input is a fix in JSON; it ends when all are stored. What was measured is kept until the server has
# acknowledged it, so nothing is lost while the server, or the network, is away, and nothing is stored twice.
use strict;
use warnings;
use IO::Handle;
use IO::Select;
use IO::Socket::INET;
use JSON::PP;
use MIME::Base64 qw(encode_base64);
use Protocol::WebSocket::Frame;
use Time::HiRes qw(sleep time);

my ($id, $token, $url) = @ARGV;
die "usage: $0 ID TOKEN [URL] < fixes.jsonl\n" unless defined $token;
my ($host, $port, $path) = ($url // 'ws://127.0.0.1:8000/ws/device') =~ m{^ws://([^:/]+)(?::(\d+))?(/.*)$} or die "no ws:// address\n";
my $BATCH = 100;     # fixes in a frame; what the server takes may be less
my $SILENT = 60;     # s without a word or a ping, after which the connection is taken for dead
my $LONGEST = 30;    # s between two tries

my $boot = sprintf '%08x', rand 2**32;    # names this life of the counter below
my $seq = 0;
my (@live, @backlog);                     # fixes not yet sent: measured during this connection, and before it
my %frames;                               # what was sent and is not answered, by its seq
my @again;                                # those of them that an earlier connection had sent, and this one has not
my $ended = 0;                            # no more fixes will come
my $input = '';
STDIN->blocking(0);
$SIG{PIPE} = 'IGNORE';

my $failures = 0;
until (is_done()) {
    my ($code, $reason, $after, $heard) = converse();
    last if is_done();
    print STDERR "closed: $code $reason\n";
    if (grep({ $code == $_ } 400, 401, 403, 404, 426, 431) || ($code >= 4500 && $code <= 4999)) {
        print STDERR "the server refuses $id: $code $reason\n";
        exit 1;
    }
    $failures = $heard ? 0 : $failures + 1;
    my $wait = 0.5 * 2**($failures > 6 ? 6 : $failures);
    my $until = time + $after + rand($wait > $LONGEST ? $LONGEST : $wait);
    while ((my $left = $until - time) > 0) {    # what is measured meanwhile is kept
        read_fixes() if !$ended && IO::Select->new(\*STDIN)->can_read($left < 0.1 ? $left : 0.1);
        sleep(0.05) if $ended;
    }
}

sub is_done { return $ended && !@live && !@backlog && !%frames }

# One connection, to its end: the code it was closed with or the status of a refusal, why, how long the server asks to
# wait, and whether it was welcome.
sub converse {
    my $socket = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port // 80, Timeout => 15)
        or return (1006, "$!", 0, 0);
    my $key = encode_base64(join('', map { chr int rand 256 } 1 .. 16), '');
    print $socket join "\r\n", "GET $path HTTP/1.1", "Host: $host:" . ($port // 80), 'Upgrade: websocket', 'Connection: Upgrade',
        "Sec-WebSocket-Key: $key", 'Sec-WebSocket-Version: 13', "Authorization: Bearer $token", '', '';
    my ($head, $rest) = ('', '');
    while ($head !~ /\r\n\r\n/) {
        IO::Select->new($socket)->can_read(15) && sysread($socket, $head, 4096, length $head)
            or return (1006, 'no answer to the handshake', 0, 0);
    }
    ($head, $rest) = split /\r\n\r\n/, $head, 2;
    my ($status) = $head =~ m{^HTTP/1.1 (\d+)};
    my ($after) = $head =~ /^Retry-After:\s*(\d+)/mi;
    return ($status, 'the handshake was refused', $after // 0, 0) unless $status == 101;
    say_to($socket, encode_json({ type => 'hello', device => $id, boot => $boot, version => 1 }));
    return listen_to($socket, $rest);
}

sub listen_to {
    my ($socket, $rest) = @_;
    my $frame = Protocol::WebSocket::Frame->new($rest);
    my ($welcome, $after, $last) = (undef, 0, time);
    my $both = IO::Select->new($socket);
    while (1) {
        while (defined(my $message = $frame->next_bytes)) {
            $last = time;
            if ($frame->is_close) {
                my ($code, $reason) = length $message >= 2 ? unpack 'na*', $message : (1005, '');
                say_to($socket, substr($message, 0, 2), 'close');
                return ($code, $reason, $after, $welcome);
            }
            say_to($socket, $message, 'pong') if $frame->is_ping;
            next unless $frame->is_text;
            my $said = decode_json($message);
            if ($said->{type} eq 'welcome') { $welcome = $said; resume($said->{acked}) }
            elsif ($said->{type} eq 'going_away') { $after = $said->{after_ms} / 1000 }
            elsif ($said->{type} eq 'command') {    # answered even if not obeyed, else it comes again
                my %answer = (type => 'result', id => $said->{id}, ok => JSON::PP::false, detail => 'obeys nothing');
                say_to($socket, encode_json(\%answer));
            }
            elsif (defined $said->{seq}) { delete $frames{ $said->{seq} } }    # stored, or it never will be
            print STDERR "error: $said->{code} $said->{message}\n" if $said->{type} eq 'error';
        }
        send_more($socket, $welcome) if $welcome;
        if (is_done()) { say_to($socket, pack('n', 1000), 'close'); return (1000, '', 0, 1) }
        return (1006, 'nothing was heard', $after, $welcome) if time - $last > $SILENT;
        $ended ? $both->remove(\*STDIN) : $both->add(\*STDIN);
        for my $ready ($both->can_read(5)) {
            if ($ready == $socket) {
                my $count = sysread $socket, my $bytes, 65_536;
                return (1006, 'the connection ended', $after, $welcome) unless $count;
                $frame->append($bytes);
            }
            else { read_fixes() }
        }
    }
}

# What the server has already is dropped; all else goes again, for nobody knows what became of it.
sub resume {
    my ($acked) = @_;
    delete @frames{ grep { $_ <= $acked } keys %frames };
    @again = sort { $a <=> $b } keys %frames;
    push @backlog, splice @live;
}

# Never more than the window unanswered: first what goes again, then what is new, then what is old.
sub send_more {
    my ($socket, $welcome) = @_;
    while (@again || (keys %frames < $welcome->{window} && (@live || @backlog))) {
        say_to($socket, $frames{ @again ? shift @again : make_frame($welcome) });
    }
}

sub make_frame {
    my ($welcome) = @_;
    my ($lane, $fixes) = @live ? ('live', \@live) : ('backlog', \@backlog);
    my @taken = shift @$fixes;
    my $room = $welcome->{max_bytes} - 100 - length $taken[0];    # 100: for what stands around them
    while (@$fixes && @taken < $BATCH && @taken < $welcome->{max_fixes} && ($room -= 1 + length $fixes->[0]) >= 0) {
        push @taken, shift @$fixes;
    }
    $seq++;
    $frames{$seq} = sprintf '{"type":"fixes","seq":%d,"lane":"%s","fixes":[%s]}', $seq, $lane, join ',', @taken;
    return $seq;
}

sub read_fixes {
    my $count = sysread STDIN, $input, 65_536, length $input;
    $ended = 1 if defined $count && $count == 0;
    while ($input =~ s/^([^\n]*)\n//) { push @live, $1 if length $1 }
}

sub say_to {
    my ($socket, $message, $type) = @_;
    my $bytes = Protocol::WebSocket::Frame->new(buffer => $message, type => $type // 'text', masked => 1)->to_bytes;
    while (length $bytes) {
        my $sent = syswrite $socket, $bytes or return;    # the next read says that it ended
        substr $bytes, 0, $sent, '';
    }
}
