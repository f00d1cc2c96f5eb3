# Reference values for tests/truth/test_survival_against_r.py.
# Run in this folder: Rscript survival.R
# Writes survival_data.csv, survival_states.csv (made-up persons), survival.csv. Versions: sessionInfo.txt.

library(survival)
set.seed(20261)

causes <- c("censored", "disability_pension", "self_support")
tight <- coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 50, timefix = FALSE)

make <- function(dataset, n, whole_months) {
  arm <- sample(c("programme", "comparison"), n, replace = TRUE)
  age <- round(runif(n, 18, 63))
  female <- rbinom(n, 1, 0.5)
  site <- sample(c("north", "south", "west"), n, replace = TRUE)
  cluster <- sample(1:20, n, replace = TRUE)
  effect <- rnorm(20, 0, 0.4)[cluster]
  rate <- 0.03 * exp(0.5 * (arm == "programme") - 0.02 * (age - 40) + effect)
  exit <- rexp(n, rate)
  pension <- rexp(n, 0.008 * exp(0.03 * (age - 40)))
  end <- runif(n, 12, 40)
  time <- pmin(exit, pension, end)
  cause <- ifelse(time == exit, causes[3], ifelse(time == pension, causes[2], causes[1]))
  duration <- if (whole_months) ceiling(time) else round(time + 0.001, 4)
  entry <- ifelse(runif(n) < 0.5, 0, if (whole_months) sample(1:8, n, TRUE) else round(runif(n, 0, 8), 4))
  entry <- ifelse(entry < duration, entry, 0)
  data.frame(dataset, id = seq_len(n), entry, duration, cause, arm, age, female, site,
             weight = round(runif(n, 0.3, 2.5), 2), cluster)
}

people <- rbind(make("monthly", 400, TRUE), make("continuous", 150, FALSE))
write.csv(people, "survival_data.csv", row.names = FALSE, quote = FALSE)

out <- list()
keep <- function(dataset, quantity, stratum = "", cause = "", time = NA, estimate, std_error = NA,
                 conf_low = NA, conf_high = NA, n_at_risk = NA, n_event = NA, n_censored = NA) {
  out[[length(out) + 1]] <<- data.frame(dataset, quantity, stratum, cause, time, estimate,
                                        std_error, conf_low, conf_high, n_at_risk, n_event,
                                        n_censored)
}

# Curves are thinned to every third time of whole months and every tenth of the others.
thinned <- function(dataset, time) {
  every <- if (dataset == "continuous") 10 else 3
  seq_along(time) %% every == 0 | seq_along(time) == length(time)
}

keep_curve <- function(dataset, quantity, fit) {
  rows <- summary(fit, censored = TRUE)
  stratum <- sub(".*=", "", as.character(rows$strata))
  shown <- thinned(dataset, rows$time)
  keep(dataset, quantity, stratum[shown], "any", rows$time[shown], rows$surv[shown],
       rows$std.err[shown], rows$lower[shown], rows$upper[shown], rows$n.risk[shown],
       rows$n.event[shown], rows$n.censor[shown])
}

keep_incidence <- function(dataset, quantity, fit) {
  stratum <- sub(".*=", "", rep(names(fit$strata), fit$strata))
  shown <- thinned(dataset, fit$time)
  for (name in causes[-1]) {
    column <- match(name, fit$states)
    keep(dataset, quantity, stratum[shown], name, fit$time[shown], fit$pstate[shown, column],
         fit$std.err[shown, column], n_at_risk = fit$n.risk[shown, 1],
         n_event = fit$n.event[shown, column], n_censored = fit$n.censor[shown])
  }
}

keep_cox <- function(dataset, quantity, fit) {
  keep(dataset, quantity, names(coef(fit)), "", NA, unname(coef(fit)), sqrt(diag(vcov(fit))))
  keep(dataset, paste0(quantity, "_log_likelihood"), estimate = fit$loglik[2])
}

for (name in c("monthly", "continuous")) {
  data <- people[people$dataset == name, ]
  data$exited <- data$cause != "censored"
  data$reached <- data$cause == "self_support"
  data$event <- factor(data$cause, causes)
  data$arm <- factor(data$arm, c("comparison", "programme"))

  for (type in c("log-log", "log", "plain")) {
    keep_curve(name, paste0("km_", type),
               survfit(Surv(duration, exited) ~ arm, data, conf.type = type))
  }
  keep_curve(name, "km_entry",
             survfit(Surv(entry, duration, exited) ~ arm, data, conf.type = "log-log"))
  keep_curve(name, "km_weight",
             survfit(Surv(duration, exited) ~ arm, data, weights = weight, robust = TRUE, id = id))
  keep_curve(name, "km_cluster",
             survfit(Surv(duration, exited) ~ arm, data, cluster = cluster, robust = TRUE))

  keep_incidence(name, "ci", survfit(Surv(duration, event) ~ arm, data, id = id))
  keep_incidence(name, "ci_entry", survfit(Surv(entry, duration, event) ~ arm, data, id = id))
  keep_incidence(name, "ci_weight",
                 survfit(Surv(duration, event) ~ arm, data, id = id, weights = weight))

  # survfit 3.5 leaves cluster out of the error of multi-state curves, and gives none for the area
  # under them; both follow from its influence matrix (person, time, state).
  for (level in levels(data$arm)) {
    part <- data[data$arm == level, ]
    fit <- survfit(Surv(duration, event) ~ 1, part, id = id, influence = TRUE)
    shown <- thinned(name, fit$time)
    for (cause in causes[-1]) {
      column <- match(cause, fit$states)
      influence <- fit$influence.pstate[, -1, column]  # the first is time 0
      clustered <- sqrt(colSums(rowsum(influence, part$cluster)^2))
      keep(name, "ci_cluster", level, cause, fit$time[shown], fit$pstate[shown, column],
           clustered[shown])
      for (horizon in c(12, 24)) {
        width <- pmax(pmin(c(fit$time[-1], Inf), horizon) - fit$time, 0)
        keep(name, "time_lost", level, cause, horizon, sum(fit$pstate[, column] * width),
             sqrt(sum((influence %*% width)^2)))
        keep(name, "time_lost_cluster", level, cause, horizon, sum(fit$pstate[, column] * width),
             sqrt(sum(rowsum(influence %*% width, part$cluster)^2)))
      }
    }
  }

  for (horizon in c(12, 24)) {
    means <- summary(survfit(Surv(duration, exited) ~ arm, data), rmean = horizon)$table
    keep(name, "restricted_mean", sub("arm=", "", rownames(means)), "any", horizon,
         means[, "rmean"], means[, "se(rmean)"])
  }

  tests <- list(
    logrank = survdiff(Surv(duration, exited) ~ arm, data),
    logrank_cause = survdiff(Surv(duration, reached) ~ arm, data),
    logrank_strata = survdiff(Surv(duration, exited) ~ arm + strata(site), data),
    logrank_three = survdiff(Surv(duration, exited) ~ site, data),
    logrank_rho = survdiff(Surv(duration, exited) ~ site, data, rho = 1)
  )
  for (test in names(tests)) keep(name, test, estimate = tests[[test]]$chisq)

  for (ties in c("efron", "breslow")) {
    quantity <- paste0("cox_", ties)
    keep_cox(name, quantity,
             coxph(Surv(duration, reached) ~ arm + age + female, data, ties = ties, control = tight))
    keep_cox(name, paste0(quantity, "_strata"),
             coxph(Surv(duration, reached) ~ arm + age + strata(site), data, ties = ties,
                   control = tight))
    keep_cox(name, paste0(quantity, "_entry"),
             coxph(Surv(entry, duration, reached) ~ arm + age + female, data, ties = ties,
                   control = tight))
    keep_cox(name, paste0(quantity, "_weight"),
             coxph(Surv(duration, reached) ~ arm + age + female, data, ties = ties,
                   weights = weight, robust = FALSE, control = tight))
    keep_cox(name, paste0(quantity, "_weight_robust"),
             coxph(Surv(duration, reached) ~ arm + age + female, data, ties = ties,
                   weights = weight, robust = TRUE, control = tight))
    keep_cox(name, paste0(quantity, "_cluster"),
             coxph(Surv(duration, reached) ~ arm + age + female, data, ties = ties,
                   cluster = cluster, control = tight))
    keep_cox(name, paste0(quantity, "_everything"),
             coxph(Surv(entry, duration, reached) ~ arm + age + strata(site), data, ties = ties,
                   weights = weight, cluster = cluster, control = tight))
  }

  for (distribution in c("weibull", "lognormal", "loglogistic")) {
    fit <- survreg(Surv(duration, reached) ~ arm + age, data, dist = distribution,
                   control = survreg.control(rel.tolerance = 1e-12, maxiter = 100))
    keep(name, paste0("aft_", distribution), rownames(vcov(fit)), "", NA,
         c(coef(fit), log(fit$scale)), sqrt(diag(vcov(fit))))
    keep(name, paste0("aft_", distribution, "_log_likelihood"), estimate = fit$loglik[2])
  }
}

# Monthly histories: 0 support, 1 work, 2 study, 3 died (absorbing); follow-up ends at 12 to 18.
states <- c("support", "work", "study", "died")
moves <- rbind(c(0.90, 0.07, 0.02, 0.01), c(0.12, 0.86, 0.02, 0.00), c(0.10, 0.10, 0.80, 0.00),
               c(0, 0, 0, 1))
n <- 150
last <- sample(12:18, n, TRUE)
first <- sample(1:3, n, TRUE, c(0.9, 0.05, 0.05))
history <- matrix(NA, n, 19)
for (person in 1:n) {
  history[person, 1] <- first[person]
  for (month in seq_len(last[person])) {
    history[person, month + 1] <- sample(4, 1, prob = moves[history[person, month], ])
  }
}
arm <- sample(c("programme", "comparison"), n, TRUE)
text <- apply(history - 1, 1, function(row) paste(row[!is.na(row)], collapse = ""))
cluster <- 1:n %% 10
write.csv(data.frame(id = 1:n, arm, cluster, states = text), "survival_states.csv",
          row.names = FALSE, quote = FALSE)

steps <- do.call(rbind, lapply(1:n, function(person) {
  month <- seq_len(last[person])
  from <- history[person, month]
  to <- history[person, month + 1]
  data.frame(id = person, arm = arm[person], start = month - 1, stop = month,
             istate = states[from], to = ifelse(to == from, "censor", states[to]))
}))
steps$to <- factor(steps$to, c("censor", states))
steps$istate <- factor(steps$istate, states)
# Without influence = TRUE survfit 3.5 takes the shares at the start as known.
fit <- survfit(Surv(start, stop, to) ~ arm, steps, id = id, istate = istate, influence = TRUE)
stratum <- sub(".*=", "", rep(names(fit$strata), fit$strata))
for (name in states) {
  column <- match(name, fit$states)
  keep("states", "occupation", stratum, name, fit$time, fit$pstate[, column],
       fit$std.err[, column])
}
# As above, the error by cluster follows from the influence matrix (person, time, state).
for (level in unique(arm)) {
  part <- steps[steps$arm == level, ]
  fit <- survfit(Surv(start, stop, to) ~ 1, part, id = id, istate = istate, influence = TRUE)
  of_person <- cluster[unique(part$id)]
  for (name in states) {
    column <- match(name, fit$states)
    influence <- fit$influence.pstate[, -1, column]  # the first is time 0
    keep("states", "occupation_cluster", level, name, fit$time, fit$pstate[, column],
         sqrt(colSums(rowsum(influence, of_person)^2)))
  }
}

table <- do.call(rbind, out)
for (name in c("estimate", "std_error", "conf_low", "conf_high")) {
  table[[name]] <- ifelse(is.na(table[[name]]), "", sprintf("%.15g", table[[name]]))
}
write.csv(table, "survival.csv", row.names = FALSE, quote = FALSE, na = "")
