-- Log analysis queries for production monitoring

-- Error rate analysis
SELECT 
  DATE_TRUNC('hour', timestamp) as hour,
  COUNT(*) as total_requests,
  COUNT(CASE WHEN level = 'error' THEN 1 END) as error_count,
  (COUNT(CASE WHEN level = 'error' THEN 1 END)::FLOAT / COUNT(*) * 100) as error_rate
FROM application_logs 
WHERE timestamp > NOW() - INTERVAL '24 hours'
GROUP BY hour
ORDER BY hour;

-- Performance analysis
SELECT 
  endpoint,
  COUNT(*) as request_count,
  AVG(duration) as avg_duration,
  PERCENTILE_CONT(0.95) WITHIN GROUP (ORDER BY duration) as p95_duration,
  MAX(duration) as max_duration
FROM application_logs 
WHERE 
  timestamp > NOW() - INTERVAL '1 hour'
  AND type = 'performance'
GROUP BY endpoint
ORDER BY avg_duration DESC;

-- Security events analysis
SELECT 
  event,
  severity,
  COUNT(*) as event_count,
  COUNT(DISTINCT ip) as unique_ips
FROM application_logs 
WHERE 
  timestamp > NOW() - INTERVAL '24 hours'
  AND type = 'security'
GROUP BY event, severity
ORDER BY event_count DESC;

-- Business metrics
SELECT 
  event,
  COUNT(*) as event_count,
  DATE_TRUNC('hour', timestamp) as hour
FROM application_logs 
WHERE 
  timestamp > NOW() - INTERVAL '24 hours'
  AND type = 'business'
  AND event IN ('user_registration', 'restaurant_rating', 'order_placed')
GROUP BY event, hour
ORDER BY hour, event;
