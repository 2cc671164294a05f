// SPDX-License-Identifier: MIT
// A network switch whose links have a delay and a rate, for hosts that are network namespaces: where the kernel
// has no netem. The eth0 of each host is a TAP device of this program.
//
//   switch DELAY_MS MBIT_A_SECOND NAMESPACE...    (0 Mbit/s: any rate) prints "ready" once all have an eth0
//
// What a host sends leaves it at that rate, and comes to its receiver that much later. Runs until it is
// stopped.
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace {

using clock_type = std::chrono::steady_clock;
using instant = clock_type::time_point;
using address = std::string;  // the six bytes of a MAC address

[[noreturn]] void fail(const std::string& what) {
  std::perror(("switch: " + what).c_str());
  std::exit(1);
}

struct frame {
  instant due;
  std::string bytes;
};

struct port {
  int tap;
  instant sends_until;  // when all that was read has left the host
  std::deque<frame> on_the_way;
};

// A TAP device eth0 in a namespace of `ip netns`; it is there as long as the file is open.
int open_tap(const std::string& name) {
  const int space = open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC);
  if (space < 0 || setns(space, CLONE_NEWNET) != 0) fail("namespace " + name);
  close(space);
  const int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  ifreq wanted{};
  wanted.ifr_flags = IFF_TAP | IFF_NO_PI;
  std::strcpy(wanted.ifr_name, "eth0");
  if (tap < 0 || ioctl(tap, TUNSETIFF, &wanted) != 0) fail("a TAP device in " + name);
  return tap;
}

class delaying_switch {
 public:
  delaying_switch(double delay_ms, double mbit, const std::vector<std::string>& names)
      : delay_(std::chrono::nanoseconds(static_cast<long>(delay_ms * 1e6))),
        nanoseconds_a_byte_(mbit > 0 ? 8000 / mbit : 0) {
    for (const std::string& name : names) ports_.push_back({open_tap(name), {}, {}});
  }

  [[noreturn]] void run() {
    for (;;) {
      const instant now = clock_type::now();
      for (port& p : ports_) deliver(p, now);
      wait(now);
      for (std::size_t i = 0; i < ports_.size(); ++i) read_from(i);
    }
  }

 private:
  // So much of a link's time may wait to be sent. The host keeps the rest, so that nothing is lost.
  static constexpr std::chrono::milliseconds most_waiting{10};

  void deliver(port& from, instant now) {
    while (!from.on_the_way.empty() && from.on_the_way.front().due <= now) {
      const std::string& bytes = from.on_the_way.front().bytes;
      const auto to = place_of_.find(bytes.substr(0, 6));
      for (std::size_t i = 0; i < ports_.size(); ++i)
        if (to == place_of_.end() ? &ports_[i] != &from : to->second == i)
          if (write(ports_[i].tap, bytes.data(), bytes.size()) < 0) {
          }  // a host that is down gets nothing, as by a cable
      from.on_the_way.pop_front();
    }
  }

  // Until a host may send, or something is due.
  void wait(instant now) {
    std::vector<pollfd> files;
    instant next = now + std::chrono::seconds(1);
    for (const port& p : ports_) {
      if (!p.on_the_way.empty()) next = std::min(next, p.on_the_way.front().due);
      if (p.sends_until < now + most_waiting)
        files.push_back({p.tap, POLLIN, 0});
      else
        next = std::min(next, p.sends_until - most_waiting);
    }
    const auto left = std::max(next - now, clock_type::duration::zero());
    const timespec time{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
    ppoll(files.data(), files.size(), &time, nullptr);
  }

  void read_from(std::size_t number) {
    port& p = ports_[number];
    char bytes[1 << 16];
    for (int i = 0; i < 64; ++i) {
      const instant now = clock_type::now();
      if (p.sends_until >= now + most_waiting) return;
      const ssize_t size = read(p.tap, bytes, sizeof bytes);
      if (size < 14) return;
      place_of_[address(bytes + 6, 6)] = number;
      const double time = nanoseconds_a_byte_ * static_cast<double>(size);
      p.sends_until =
          std::max(p.sends_until, now) + std::chrono::nanoseconds(static_cast<long>(time));
      p.on_the_way.push_back({p.sends_until + delay_, {bytes, static_cast<std::size_t>(size)}});
    }
  }

  clock_type::duration delay_;
  double nanoseconds_a_byte_;
  std::vector<port> ports_;
  std::map<address, std::size_t> place_of_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count < 5) {
    std::fputs("switch DELAY_MS MBIT_A_SECOND NAMESPACE NAMESPACE...\n", stderr);
    return 2;
  }
  prctl(PR_SET_TIMERSLACK, 1);
  delaying_switch all(std::atof(arguments[1]), std::atof(arguments[2]),
                      {arguments + 3, arguments + count});
  std::puts("ready");
  std::fflush(stdout);
  all.run();
}
