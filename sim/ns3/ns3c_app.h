/* What applications share; only for sim/ns3/ns3c_*.cc. */
#ifndef SIM_NS3_NS3C_APP_H
#define SIM_NS3_NS3C_APP_H

#include <ns3/application.h>

#include "sim/ns3/ns3c_state.h"

struct ns3c_app {
	ns3c_node *host = nullptr;
	ns3c_app_counts counts = {};

	virtual ~ns3c_app() = default;
};

namespace ns3c
{

/* The application becomes the simulation's, which ends it. */
template <typename App> App *keep(ns3c_node *host, std::shared_ptr<App> app)
{
	app->host = host;
	host->sim->apps.push_back(app);
	return app.get();
}

/* False, said of `who`, if there is no host, or the times are past or out of order. */
bool good_times(const char *who, const ns3c_node *host, int64_t start_ns, int64_t stop_ns);

/* Gives an application of ns-3's to a host, to run between these times. */
void run_between(ns3c_node *host, ns3::Ptr<ns3::Application> application, int64_t start_ns, int64_t stop_ns);

} // namespace ns3c

#endif
