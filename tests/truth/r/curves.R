# Reference values for tests/truth/test_curves_against_r.py.
# Run in this folder: Rscript curves.R
# Reads survival_sets.csv, writes curves.csv. Versions: sessionInfo.txt.

suppressMessages({library(survival); library(geepack)})

sets <- read.csv("survival_sets.csv")
sets$arm <- factor(sets$arm, c("comparison", "programme"))
out <- list()
keep <- function(set, quantity, stratum = "", key = "", time = NA, estimate, std_error = NA,
                 conf_low = NA, conf_high = NA) {
  out[[length(out) + 1]] <<- data.frame(set, quantity, stratum, key, time, estimate, std_error,
                                        conf_low, conf_high)
}
strata_of <- function(fit) sub(".*=", "", rep(names(fit$strata), fit$strata))
# Curves are thinned to every sixth time.
thinned <- function(n, every = 6) seq_len(n) %% every == 0 | seq_len(n) == n

# With clusters evalkit's intervals use t: the same limits at the level that z needs for them.
level <- function(name) if (is_late(name)) 2 * pnorm(qt(0.975, 14 - 1)) - 1 else 0.95

# Options of each set: weights, clusters and delayed entry where it has them.
is_late <- function(name) name == "late_weighted_clustered"
curve <- function(data, event, ...) {
  data$event <- event
  if (is_late(data$set[1]))
    survfit(Surv(entry, time, event) ~ arm, data, weights = weight, cluster = cluster, id = person,
            timefix = FALSE, ...)
  else survfit(Surv(time, event) ~ arm, data, timefix = FALSE, ...)
}

# Sum of S(t-) times the hazard of a cause times its worth (1, or the time left), as a plain loop.
by_hand <- function(entry, time, cause, which, horizon, quantity) {
  left <- 1; found <- 0; area <- 0; before <- 0
  for (t in sort(unique(time[time <= horizon]))) {
    area <- area + left * (t - before); before <- t
    n <- sum(entry < t & time >= t)
    if (n == 0) next
    worth <- if (quantity == "time_lost") horizon - t else 1
    found <- found + left * sum(time == t & cause == which) / n * worth
    left <- left * (1 - sum(time == t & cause != "censored") / n)
  }
  if (quantity == "restricted_mean") area + left * (horizon - before) else found
}
pseudo <- function(data, quantity, horizon) {
  f <- function(d) by_hand(d$entry, d$time, d$cause, "self_support", horizon, quantity)
  n <- nrow(data); all <- f(data)
  sapply(seq_len(n), function(i) n * all - (n - 1) * f(data[-i, ]))
}

for (name in unique(sets$set)) {
  data <- sets[sets$set == name, ]
  any_exit <- data$cause != "censored"
  reached <- data$cause == "self_support"

  fit <- curve(data, any_exit, conf.type = "arcsin", conf.int = level(name))
  rows <- summary(fit, censored = TRUE)
  shown <- thinned(length(rows$time))
  keep(name, "arcsine", sub(".*=", "", rows$strata)[shown], "", rows$time[shown], rows$surv[shown],
       rows$std.err[shown], rows$lower[shown], rows$upper[shown])

  for (cause in c("any", "self_support")) {
    fit <- curve(data, if (cause == "any") any_exit else reached, stype = 1, ctype = 1)
    shown <- thinned(length(fit$time))
    keep(name, "nelson_aalen", strata_of(fit)[shown], cause, fit$time[shown], fit$cumhaz[shown],
         fit$std.chaz[shown])
  }

  if (is_late(name)) {
    # All options together for the curve of no exit and for the incidence.
    fit <- curve(data, any_exit, conf.type = "log-log")
    rows <- summary(fit, censored = TRUE)
    shown <- thinned(length(rows$time))
    keep(name, "kaplan_meier", sub(".*=", "", rows$strata)[shown], "", rows$time[shown],
         rows$surv[shown], rows$std.err[shown])
  }
  data$state <- factor(data$cause, c("censored", "self_support", "pension", "died"))
  if (is_late(name)) {
    # survfit 3.5 leaves cluster out of the error of multi-state curves; its influences are summed.
    for (arm in levels(data$arm)) {
      part <- data[data$arm == arm, ]
      fit <- survfit(Surv(entry, time, state) ~ 1, part, weights = weight, id = person,
                     timefix = FALSE, influence = TRUE)
      shown <- thinned(length(fit$time))
      for (cause in c("self_support", "pension", "died")) {
        column <- match(cause, fit$states)
        influence <- fit$influence.pstate[, , column]
        influence <- part$weight * influence[, -1]  # the first is time 0
        stopifnot(all.equal(sqrt(colSums(influence^2)), fit$std.err[, column]))
        sums <- rowsum(influence, part$cluster)
        keep(name, "incidence", arm, cause, fit$time[shown], fit$pstate[shown, column],
             sqrt(colSums(sums^2))[shown])
      }
    }
  } else {
    fit <- survfit(Surv(time, state) ~ arm, data, id = person, timefix = FALSE)
    shown <- thinned(length(fit$time))
    for (cause in c("self_support", "pension", "died")) {
      column <- match(cause, fit$states)
      keep(name, "incidence", strata_of(fit)[shown], cause, fit$time[shown],
           fit$pstate[shown, column], fit$std.err[shown, column])
    }
  }

  probs <- c(0.1, 0.25, 0.5, 0.75)
  for (quantity in c("quantile", "follow_up")) {
    fit <- curve(data, if (quantity == "quantile") any_exit else !any_exit, conf.type = "log-log",
                 conf.int = level(name))
    found <- quantile(fit, probs)
    for (stratum in rownames(found$quantile))
      keep(name, quantity, sub(".*=", "", stratum), probs, NA, found$quantile[stratum, ], NA,
           found$lower[stratum, ], found$upper[stratum, ])
  }

  # Exits per month of observation in intervals of three months, with exact Poisson limits.
  if (!is_late(name)) for (arm in levels(data$arm)) for (end in seq(3, 12, 3)) {
    mine <- data[data$arm == arm, ]
    exposure <- sum(pmax(pmin(mine$time, end) - (end - 3), 0))
    events <- sum(mine$cause == "self_support" & mine$time > end - 3 & mine$time <= end)
    limits <- poisson.test(events, exposure)$conf.int
    keep(name, "exit_rate", arm, "", end, events / exposure, sqrt(events) / exposure, limits[1],
         limits[2])
  }
  # With weights and clusters: ratio of two weighted sums, linearised (clusters of both arms).
  if (is_late(name)) for (arm in levels(data$arm)) for (end in seq(3, 12, 3)) {
    mine <- data[data$arm == arm, ]
    months <- mine$weight * pmax(pmin(mine$time, end) - pmax(mine$entry, end - 3), 0)
    events <- mine$weight * (mine$cause == "self_support" & mine$time > end - 3 & mine$time <= end)
    rate <- sum(events) / sum(months)
    moved <- tapply(events - rate * months, mine$cluster, sum)
    keep(name, "exit_rate", arm, "", end, rate, sqrt(sum(moved^2)) / sum(months))
  }

  horizon <- 12
  for (quantity in c("incidence", "time_lost", "restricted_mean")) {
    data$outcome <- pseudo(data, quantity, horizon)
    shown <- seq_len(nrow(data)) %% 10 == 0
    keep(name, paste0("pseudo_", quantity), "", data$person[shown], NA, data$outcome[shown])
    if (name == "one_event") next
    data$unit <- if (is_late(name)) data$cluster else data$person
    data$own <- if (is_late(name)) data$weight else 1
    ordered <- data[order(data$unit), ]
    fit <- geese(outcome ~ arm + age + score, id = unit, data = ordered, weights = own,
                 mean.link = "identity", corstr = "independence")
    terms <- c("arm[programme]", "age", "score")
    keep(name, paste0("adjusted_", quantity), "", terms, NA, fit$beta[-1], sqrt(diag(fit$vbeta))[-1])
  }
}

result <- do.call(rbind, out)
numbers <- c("estimate", "std_error", "conf_low", "conf_high")
result[numbers] <- lapply(result[numbers], function(x) ifelse(is.na(x), NA, format(x, digits = 17)))
result[numbers] <- lapply(result[numbers], trimws)
write.csv(result, "curves.csv", row.names = FALSE, quote = FALSE, na = "")
